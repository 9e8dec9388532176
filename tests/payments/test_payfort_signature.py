"""The signature against every published vector, and the traps among them (PAY-12)."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payments.gateways.payfort import signature

VECTORS: list[dict[str, Any]] = json.loads(
    (Path(__file__).parent / "payfort_vectors.json").read_text(encoding="utf-8")
)
ROOT = Path(__file__).parents[2]


def _name(vector: dict[str, Any]) -> str:
    return f"{vector['name']}-{vector['algorithm']}"


def _named(name: str) -> dict[str, Any]:
    return next(vector for vector in VECTORS if vector["name"] == name)


@pytest.mark.parametrize("vector", VECTORS, ids=_name)
def test_signs_as_published(vector: dict[str, Any]) -> None:
    made = signature.sign(
        vector["params"], phrase=vector["phrase"], sha_type=vector["algorithm"]
    )

    assert made == vector["signature"].lower()


@pytest.mark.parametrize("case", [str.lower, str.upper], ids=["lower", "upper"])
@pytest.mark.parametrize("vector", VECTORS, ids=_name)
def test_accepts_the_published_signature_in_either_case(
    vector: dict[str, Any], case: Callable[[str], str]
) -> None:
    message = {**vector["params"], "signature": case(vector["signature"])}

    assert signature.verify(message, phrase=vector["phrase"], sha_type=vector["algorithm"])


@pytest.mark.parametrize("vector", VECTORS, ids=_name)
def test_refuses_one_changed_character_anywhere(vector: dict[str, Any]) -> None:
    for name in vector["params"]:
        changed = {**vector["params"], "signature": vector["signature"]}
        changed[name] = f"{changed[name]}0"

        assert not signature.verify(
            changed, phrase=vector["phrase"], sha_type=vector["algorithm"]
        ), name


def test_there_are_forty_five_vectors_of_all_four_types() -> None:
    assert len(VECTORS) == 45
    assert {vector["algorithm"] for vector in VECTORS} == set(signature.SHA_TYPES)


def test_names_are_sorted_not_pairs() -> None:
    params = {"merchant_extra1": "b", "merchant_extra": "a", "3ds_url": "c"}

    assert signature.signed_text(params, phrase="P") == (
        "P3ds_url=cmerchant_extra=amerchant_extra1=bP"
    )


def test_the_ambiguous_pair_has_one_signature() -> None:
    """So the signature alone must never decide; `messages` tells the two apart."""
    declined = _named("response/ambiguity_pair_A_declined")
    recut = _named("response/ambiguity_pair_B_resplit_of_A")

    assert declined["params"]["status"] == "13"
    assert recut["params"]["status"] == "14"
    assert declined["signature"] == recut["signature"]


@pytest.mark.parametrize("sha_type", signature.SHA_TYPES)
def test_an_empty_phrase_neither_signs_nor_accepts(sha_type: str) -> None:
    with pytest.raises(ValueError, match="phrase is empty"):
        signature.sign({"amount": "1"}, phrase="", sha_type=sha_type)
    with pytest.raises(ValueError, match="phrase is empty"):
        signature.verify({"amount": "1", "signature": ""}, phrase="", sha_type=sha_type)


@pytest.mark.parametrize("sha_type", ["", "SHA-128", "sha-256", "SHA256", "MD5", "none"])
def test_an_unknown_type_neither_signs_nor_accepts(sha_type: str) -> None:
    with pytest.raises(ValueError, match="Unknown SHA type"):
        signature.sign({"amount": "1"}, phrase="p", sha_type=sha_type)
    with pytest.raises(ValueError, match="Unknown SHA type"):
        signature.verify({"signature": "x"}, phrase="p", sha_type=sha_type)


@pytest.mark.parametrize(
    "received", [None, "", "é", 5, [], "0" * 64, "\u212a" * 64, "\ud800"]
)
def test_a_missing_or_foreign_signature_is_refused(received: object) -> None:
    message = {"amount": "1", "signature": received}

    assert not signature.verify(message, phrase="p", sha_type="SHA-256")


def test_a_message_without_the_parameter_is_refused() -> None:
    assert not signature.verify({"amount": "1"}, phrase="p", sha_type="SHA-256")


@given(
    params=st.dictionaries(
        st.text("abcdefghij_0123", min_size=1), st.text(max_size=20), max_size=8
    ),
    sha_type=st.sampled_from(signature.SHA_TYPES),
)
def test_whatever_is_signed_verifies_and_the_other_phrase_does_not(
    params: dict[str, str], sha_type: str
) -> None:
    params.pop("signature", None)
    message = {
        **params,
        "signature": signature.sign(params, phrase="one", sha_type=sha_type),
    }

    assert signature.verify(message, phrase="one", sha_type=sha_type)
    assert not signature.verify(message, phrase="two", sha_type=sha_type)


def test_importing_needs_no_django() -> None:
    code = (
        "import sys, payments.gateways.payfort.signature as s;"
        "assert not any(m.split('.')[0] == 'django' for m in sys.modules);"
        "print(s.sign({'a': '1'}, phrase='p', sha_type='SHA-256'))"
    )

    run = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert run.stdout.strip() == signature.sign({"a": "1"}, phrase="p", sha_type="SHA-256")
