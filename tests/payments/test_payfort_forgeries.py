"""Ten thousand forgeries of one signed message (F28)."""

import random
from urllib.parse import urlencode

from payments.gateways.base import BadSignature, Unreadable
from payments.gateways.payfort import messages, signature
from tests.payments.test_payfort_messages import CREDENTIALS, FORM, GATEWAY, answer


def test_10_000_forgeries_say_nothing_that_was_not_signed() -> None:
    """Bytes flipped, dropped, added; fields moved, repeated, cut elsewhere (F28)."""
    rnd = random.Random(20_261_122)
    original = answer(return_url="http://127.0.0.1:8000/pay/1/return")
    accepted = 0

    for _ in range(10_000):
        body = _forged(original, rnd)
        try:
            GATEWAY.read_message(CREDENTIALS, content_type=FORM, body=body)
        except (BadSignature, Unreadable):
            continue
        read = messages.parse(FORM, body)
        accepted += 1
        # Another spelling of the same message is still the same message.
        assert {**read, "signature": read["signature"].lower()} == original

    assert 1_000 < accepted < 3_000  # above all those in another order


def _forged(original: dict[str, str], rnd: random.Random) -> bytes:
    kind = rnd.randrange(6)
    pairs = list(original.items())
    if kind == 0:
        rnd.shuffle(pairs)
    elif kind == 1:
        pairs.append(rnd.choice(pairs))
    elif kind == 2:
        name, value = pairs.pop(rnd.randrange(len(pairs)))
        pairs.append((name, rnd.choice([value + "0", value[1:], value.swapcase(), ""])))
    elif kind == 3:
        pairs = _recut(original, rnd)
    body = bytearray(urlencode(pairs).encode())
    if kind == 4:
        body[rnd.randrange(len(body))] ^= 1 << rnd.randrange(8)
    elif kind == 5:
        place = rnd.randrange(len(body))
        body[place : place + rnd.randint(0, 4)] = rnd.randbytes(rnd.randint(0, 4))
    return bytes(body)


def _recut(original: dict[str, str], rnd: random.Random) -> list[tuple[str, str]]:
    """The same signed text, cut into fields at other equals signs."""
    signature_ = original["signature"]
    text = signature.signed_text(original, phrase="")
    marks = [place for place, char in enumerate(text) if char == "="]
    chosen = sorted(rnd.sample(marks, rnd.randint(1, len(marks))))
    starts = [0]
    for mark in chosen[1:]:
        start = mark
        while start > 0 and (text[start - 1].isalnum() or text[start - 1] == "_"):
            start -= 1
        starts.append(rnd.randint(start, mark - 1) if start < mark else start)
    ends = [*starts[1:], len(text)]
    pieces = [text[a:b] for a, b in zip(starts, ends, strict=True)]
    pairs = [tuple(piece.split("=", 1)) for piece in pieces if "=" in piece]
    return [*[(a, b) for a, b in pairs], ("signature", signature_)]
