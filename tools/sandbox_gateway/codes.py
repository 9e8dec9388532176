"""Response codes: two digits of status, three of message, and their texts."""

SUCCESS = "14000"
DECLINED = "13666"
CANCELLED = "00072"
TOO_MANY_ATTEMPTS = "13123"
NOT_AUTHENTICATED = "13030"
REFUNDED = "06000"
CHECKED = "12000"
TOKEN_UPDATED = "58000"  # noqa: S105 - a response code
STORED = "01000"

MESSAGES = {
    "000": ("Success", "عملية ناجحة"),
    "001": ("Missing parameter", "حقل مفقود"),
    "002": ("Invalid parameter format", "صيغة الحقل غير صحيحة"),
    "004": ("Invalid command", "أمر غير صحيح"),
    "005": ("Invalid amount", "مبلغ غير صحيح"),
    "006": ("Technical problem", "مشكلة تقنية"),
    "008": ("Signature mismatch", "توقيع غير مطابق"),
    "009": ("Invalid merchant identifier", "معرف التاجر غير صحيح"),
    "010": ("Invalid access code", "رمز الدخول غير صحيح"),
    "012": ("Card expired", "البطاقة منتهية الصلاحية"),
    "013": ("Invalid currency", "عملة غير صحيحة"),
    "027": ("Extra parameters", "حقول زائدة"),
    "029": ("Insufficient funds", "رصيد غير كاف"),
    "030": ("Authentication failed", "فشل التحقق"),
    "032": ("Invalid length", "طول غير صحيح"),
    "033": ("Parameter value not allowed", "قيمة غير مسموح بها"),
    "034": ("Operation not allowed", "عملية غير مسموح بها"),
    "036": ("Order not found", "الطلب غير موجود"),
    "037": ("Return URL missing", "رابط العودة مفقود"),
    "044": ("Token unknown", "رمز البطاقة غير معروف"),
    "048": ("Above captured amount", "المبلغ أكبر من المبلغ المحصل"),
    "062": ("Token created", "تم إنشاء الرمز"),
    "063": ("Token updated", "تم تحديث الرمز"),
    "064": ("3-D Secure check requested", "مطلوب التحقق الآمن"),
    "066": ("Merchant reference already exists", "رقم الطلب موجود مسبقا"),
    "072": ("Transaction cancelled by customer", "ألغى العميل العملية"),
    "073": ("Invalid request format", "صيغة الطلب غير صحيحة"),
    "123": ("Too many attempts", "محاولات كثيرة"),
    "662": ("Operation not confirmed yet", "لم يتم تأكيد العملية بعد"),
    "666": ("Transaction declined", "تم رفض العملية"),
    "777": ("Processed, confirmation lost", "تمت المعالجة وفقد التأكيد"),
}


def message(code: str, language: str) -> str:
    """Say what a response code means, in English or Arabic."""
    texts = MESSAGES.get(code[2:], ("Operation answered", "تمت الإجابة على العملية"))
    return texts[1] if language == "ar" else texts[0]
