"""The test cards, and what happens when one of them pays."""

from dataclasses import dataclass
from datetime import date

from tools.sandbox_gateway import codes


@dataclass(frozen=True)
class TestCard:
    """A number from the gateway's list of test cards, or one that only this sandbox has."""

    brand: str
    number: str
    expiry: str
    cvv: str
    result: str = codes.SUCCESS
    challenged: bool = False
    official: bool = True

    @property
    def spaced(self) -> str:
        return " ".join(self.number[at : at + 4] for at in range(0, len(self.number), 4))


TEST_CARDS = (
    TestCard("VISA", "4005550000000001", "05/30", "123"),
    TestCard("MASTERCARD", "5123456789012346", "05/30", "123"),
    TestCard("AMEX", "345678901234564", "05/30", "1234"),
    TestCard("VISA", "4557012345678902", "05/30", "123", challenged=True),
    TestCard("MASTERCARD", "5313581000123430", "05/30", "123", challenged=True),
    TestCard("AMEX", "374200000000004", "05/30", "1234", challenged=True),
    # The official list of declined cards is not public; these belong to this sandbox alone.
    TestCard("VISA", "4000000000000002", "05/30", "123", codes.DECLINED, official=False),
    TestCard("VISA", "4000000000009995", "05/30", "123", "13029", official=False),
    TestCard("VISA", "4000000000000069", "05/30", "123", "13012", official=False),
)

# Listed by the gateway as a success although its check digit is wrong.
_ODD_NUMBERS = frozenset(card.number for card in TEST_CARDS)


@dataclass(frozen=True)
class Entry:
    """What the payer typed, cleaned; the number never leaves this object unmasked."""

    number: str
    expiry: str
    cvv: str
    holder: str

    @property
    def masked(self) -> str:
        return f"{self.number[:6]}{'*' * (len(self.number) - 10)}{self.number[-4:]}"

    @property
    def brand(self) -> str:
        if self.number.startswith(("34", "37")):
            return "AMEX"
        return "MASTERCARD" if self.number.startswith(("2", "5")) else "VISA"

    @property
    def expiry_yymm(self) -> str:
        return f"{self.expiry[3:]}{self.expiry[:2]}"

    def public_fields(self) -> dict[str, str]:
        """The card's part of a response: masked, as the protocol returns it."""
        shown = {
            "payment_option": self.brand,
            "card_number": self.masked,
            "expiry_date": self.expiry_yymm,
        }
        return {**shown, "card_holder_name": self.holder} if self.holder else shown

    def _last_month(self) -> tuple[int, int]:
        return 2000 + int(self.expiry[3:]), int(self.expiry[:2])

    def mistakes(self, today: date) -> list[tuple[str, str]]:
        """List (field, text key) for everything the payer has to put right."""
        found: list[tuple[str, str]] = []
        if not _is_card_number(self.number):
            found.append(("card_number", "bad_number"))
        if not _is_expiry(self.expiry):
            found.append(("expiry_date", "bad_expiry"))
        elif self._last_month() < (today.year, today.month):
            found.append(("expiry_date", "past_expiry"))
        if not (self.cvv.isascii() and self.cvv.isdigit() and len(self.cvv) in {3, 4}):
            found.append(("card_security_code", "bad_cvv"))
        return found


def clean(typed: dict[str, str]) -> Entry:
    digits = "".join(typed.get("card_number", "").split()).replace("-", "")
    expiry = "".join(typed.get("expiry_date", "").split())
    if len(expiry) == 4 and expiry.isdigit():
        expiry = f"{expiry[:2]}/{expiry[2:]}"
    holder = " ".join(typed.get("card_holder_name", "").split())
    holder = "".join(letter for letter in holder if letter.isalpha() or letter in " .-")
    return Entry(digits, expiry, typed.get("card_security_code", "").strip(), holder[:50])


def find(number: str) -> TestCard | None:
    return next((card for card in TEST_CARDS if card.number == number), None)


def _is_card_number(number: str) -> bool:
    if not (number.isascii() and number.isdigit() and 13 <= len(number) <= 19):
        return False
    return number in _ODD_NUMBERS or _checks_out(number)


def _checks_out(number: str) -> bool:
    total = 0
    for place, digit in enumerate(reversed(number)):
        doubled = int(digit) * (1 + place % 2)
        total += doubled - 9 if doubled > 9 else doubled
    return total % 10 == 0


def _is_expiry(text: str) -> bool:
    if len(text) != 5 or text[2] != "/" or not text.isascii():
        return False
    return (text[:2] + text[3:]).isdigit() and 1 <= int(text[:2]) <= 12
