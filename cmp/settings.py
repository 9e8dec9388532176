"""Settings: everything from the environment; bad values are refused at start."""

import sys
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from cryptography.fernet import Fernet
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from cmp import logs
from cmp.environment import env

BASE_DIR = Path(__file__).resolve().parent.parent

ENVIRONMENT = env.str("ENVIRONMENT", default="production")
if ENVIRONMENT not in {"development", "test", "production"}:
    raise ImproperlyConfigured("ENVIRONMENT is development, test or production")
IS_PRODUCTION = ENVIRONMENT == "production"

DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env.str("SECRET_KEY")
# Keys that sessions and links were signed with before the last rotation.
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1"])
PUBLIC_URL = env.str("PUBLIC_URL", default="http://127.0.0.1:8000").rstrip("/")
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]

# Money crosses our border only to these origins.
PAYMENT_GATEWAY_HOSTS = [
    origin.rstrip("/") for origin in env.list("PAYMENT_GATEWAY_HOSTS", default=[])
]
ENCRYPTION_KEYS = env.list("ENCRYPTION_KEYS", default=[])
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")
# How many proxies of ours stand before us; their word on address and scheme is believed.
TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXY_COUNT", default=1 if IS_PRODUCTION else 0)

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "django_filters",
    "django_htmx",
    "template_partials",
    "csp",
    "cmp.lib",
    "cmp.lib.jobs",
    "accounts",
    "features",
    "funds",
    "pricing",
    "resources",
    "payments",
    "billing",
]

MIDDLEWARE = [
    "cmp.middleware.OriginMiddleware",
    "django_prometheus.middleware.PrometheusBeforeMiddleware",
    "cmp.middleware.AnswerHeadersMiddleware",
    "csp.middleware.CSPMiddleware",
    "cmp.middleware.BodyLimitMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "accounts.middleware.ViewerZoneMiddleware",
    "accounts.second_factor.SecondFactorMiddleware",
    "cmp.middleware.DependencyMiddleware",
    "django_prometheus.middleware.PrometheusAfterMiddleware",
]

ROOT_URLCONF = "cmp.urls"
WSGI_APPLICATION = "cmp.wsgi.application"
FORM_RENDERER = "cmp.lib.forms.Renderer"
# What an unset choice of a filter says.
FILTERS_EMPTY_CHOICE_LABEL = _("All")

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
                "cmp.frame.frame",
            ],
        },
    }
]

# --- data ------------------------------------------------------------------------------
DATABASES: dict[str, dict[str, Any]] = {"default": env.db("DATABASE_URL")}
if database_password := env.str("DATABASE_PASSWORD", default=""):
    DATABASES["default"]["PASSWORD"] = database_password
# Whom migrations, backup and restore connect as; owns the database.
OWNER_DATABASE = dict(DATABASES["default"])
if owner_url := env.str("DATABASE_OWNER_URL", default=""):
    OWNER_DATABASE |= env.db_url_config(owner_url)
DATABASES["default"]["CONN_MAX_AGE"] = env.int("CONN_MAX_AGE", default=60)
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
# A dict merge, since the socket's folder arrives in OPTIONS; never overwrite them.
DATABASES["default"]["OPTIONS"] = {
    **DATABASES["default"].get("OPTIONS", {}),
    "server_side_binding": True,
    "prepare_threshold": 5,
    "connect_timeout": env.int("DB_CONNECT_TIMEOUT", default=5),
    "options": (
        f"-c lock_timeout={env.str('DB_LOCK_TIMEOUT', default='3s')}"
        f" -c statement_timeout={env.str('DB_STATEMENT_TIMEOUT', default='15s')}"
        f" -c idle_in_transaction_session_timeout="
        f"{env.str('DB_IDLE_TIMEOUT', default='15s')}"
    ),
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.str("REDIS_URL")
if redis_password := env.str("REDIS_PASSWORD", default=""):
    REDIS_URL = REDIS_URL.replace("://", f"://:{quote(redis_password, safe='')}@", 1)
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "OPTIONS": {"socket_connect_timeout": 2, "socket_timeout": 2},
    }
}
CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://", 1).replace(
    "?db=", "?virtual_host="
)

# --- people ----------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_FORMS = {
    "login": "accounts.auth_forms.LogInForm",
    "reset_password": "accounts.auth_forms.ResetPasswordForm",
    "reset_password_from_key": "accounts.auth_forms.NewPasswordForm",
    "change_password": "accounts.auth_forms.ChangePasswordForm",
}
ACCOUNT_ADAPTER = "accounts.adapter.ClosedSignUpAdapter"
# Counted in the shared cache, so that every web process sees every attempt.
ACCOUNT_RATE_LIMITS = {
    "login": "60/m/ip",
    "login_failed": "20/5m/ip,5/15m/key",
    "reset_password": "10/15m/ip,3/15m/key",
    "reset_password_from_key": "10/15m/ip",
    "change_password": "5/5m/user",
    "reauthenticate": "5/5m/user",
}
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
MFA_ADAPTER = "accounts.adapter.EncryptedFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_TOTP_ISSUER = "CMP Billing"
REQUIRE_STAFF_SECOND_FACTOR = env.bool("REQUIRE_STAFF_SECOND_FACTOR", default=IS_PRODUCTION)
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_SESSION_REMEMBER = None
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "account_login"

# --- language and time -----------------------------------------------------------------
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("ar", _("Arabic"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

# --- files and mail --------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = Path(env.str("STATIC_ROOT", default=str(BASE_DIR / "var" / "static")))
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": (
            "whitenoise.storage.CompressedManifestStaticFilesStorage"
            if IS_PRODUCTION
            else "django.contrib.staticfiles.storage.StaticFilesStorage"
        )
    },
}
WHITENOISE_USE_FINDERS = not IS_PRODUCTION
EMAIL_CONFIG = env.email("EMAIL_URL", default="consolemail://")
vars().update(EMAIL_CONFIG)
DEFAULT_FROM_EMAIL = env.str(
    "DEFAULT_FROM_EMAIL", default="CMP Billing <billing@localhost>"
)

# --- the browser -----------------------------------------------------------------------
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF, *PAYMENT_GATEWAY_HOSTS],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
# For answers made before the middleware that usually sets them was reached, too.
ANSWER_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "X-Frame-Options": X_FRAME_OPTIONS,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": SECURE_REFERRER_POLICY,
    "Cross-Origin-Opener-Policy": SECURE_CROSS_ORIGIN_OPENER_POLICY,
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = env.int("SESSION_HOURS", default=12) * 3600
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "cmp.errors.csrf_failure"
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
# The words our style sheets use for the levels of messages.
MESSAGE_TAGS = {10: "info", 20: "info", 25: "ok", 30: "warn", 40: "bad"}
# In the session rather than in a cookie of its own, which would be one more to guard.
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
REQUEST_BYTES_MAX = 1_000_000
DATA_UPLOAD_MAX_MEMORY_SIZE = REQUEST_BYTES_MAX
FILE_UPLOAD_MAX_MEMORY_SIZE = REQUEST_BYTES_MAX
DATA_UPLOAD_MAX_NUMBER_FIELDS = 500
DATA_UPLOAD_MAX_NUMBER_FILES = 5
if IS_PRODUCTION:
    SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=True)
    if TRUSTED_PROXY_COUNT:
        SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_HSTS_SECONDS = 31_536_000
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    # Asked from inside, past the proxy, without TLS.
    SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^metrics$"]
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = True
    SESSION_COOKIE_NAME = "__Host-sessionid"
    CSRF_COOKIE_NAME = "__Host-csrftoken"
    LANGUAGE_COOKIE_NAME = "__Host-language"

LOGGING = logs.configuration(
    style=env.str("LOG_STYLE", default="json" if IS_PRODUCTION else "plain"),
    level=env.str("LOG_LEVEL", default="INFO"),
)


def _refuse_unsafe() -> None:
    """Any environment starts with asserts on and keys that work, or not at all."""
    if sys.flags.optimize:
        raise ImproperlyConfigured("do not run with -O: assertions guard money")
    if not ENCRYPTION_KEYS:
        raise ImproperlyConfigured("ENCRYPTION_KEYS is missing")
    for position, key in enumerate(ENCRYPTION_KEYS, start=1):
        try:
            Fernet(key)
        except ValueError as error:
            # The key itself stays out of the message: this text reaches logs.
            raise ImproperlyConfigured(
                f"ENCRYPTION_KEYS: key {position} is not a Fernet key"
            ) from error


def _refuse_unsafe_production() -> None:
    """Production starts with real keys, real hosts and real gateways, or not at all."""
    if DEBUG:
        raise ImproperlyConfigured("DEBUG is off in production")
    if len(SECRET_KEY) < 50 or "insecure" in SECRET_KEY or SECRET_KEY.startswith("dev-"):
        raise ImproperlyConfigured("SECRET_KEY must be long, random and not a default")
    if METRICS_TOKEN and len(METRICS_TOKEN) < 32:
        raise ImproperlyConfigured("METRICS_TOKEN must have 32 characters or more")
    public = urlsplit(PUBLIC_URL)
    if public.scheme != "https":
        raise ImproperlyConfigured("PUBLIC_URL is https in production")
    if any("*" in host or host.startswith(".") for host in ALLOWED_HOSTS):
        raise ImproperlyConfigured("ALLOWED_HOSTS names each host, without wildcards")
    if public.hostname not in ALLOWED_HOSTS:
        raise ImproperlyConfigured("the host of PUBLIC_URL is missing in ALLOWED_HOSTS")
    for origin in PAYMENT_GATEWAY_HOSTS:
        _refuse_sandbox(origin)


def _refuse_sandbox(origin: str) -> None:
    gateway = urlsplit(origin)
    if gateway.scheme != "https" or _is_this_machine(gateway.hostname or ""):
        raise ImproperlyConfigured(f"PAYMENT_GATEWAY_HOSTS: {origin} is a sandbox")


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return not host or host == "localhost" or host.endswith(".localhost")


_refuse_unsafe()
if IS_PRODUCTION:
    _refuse_unsafe_production()
