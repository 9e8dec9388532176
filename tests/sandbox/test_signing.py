"""The gateway's own signing, held to the published and the executed vectors."""

import json
from pathlib import Path

import pytest

from tools.sandbox_gateway.signing import is_signed, sign

VECTORS = json.loads((Path(__file__).parent / "payfort_vectors.json").read_text("utf-8"))


@pytest.mark.parametrize(
    "vector", VECTORS, ids=[f"{row['name']}-{row['algorithm']}" for row in VECTORS]
)
def test_signature_is_the_published_one(vector: dict) -> None:
    signature = sign(
        vector["params"], phrase=vector["phrase"], sha_type=vector["algorithm"]
    )

    assert signature == vector["signature"].lower()


def test_verifying_ignores_the_case_of_the_digits() -> None:
    vector = next(row for row in VECTORS if row["name"] == "response/odoo_published")
    message = {**vector["params"], "signature": vector["signature"].upper()}

    assert is_signed(message, phrase=vector["phrase"], sha_type=vector["algorithm"])
    assert not is_signed(message, phrase="another", sha_type=vector["algorithm"])


@pytest.mark.parametrize(("phrase", "sha_type"), [("", "SHA-256"), ("phrase", "SHA-1")])
def test_refuses_to_sign_without_phrase_or_known_type(phrase: str, sha_type: str) -> None:
    with pytest.raises(ValueError, match=r"phrase|SHA type"):
        sign({"amount": "1"}, phrase=phrase, sha_type=sha_type)


def test_message_without_signature_is_not_signed() -> None:
    assert not is_signed({"amount": "1"}, phrase="phrase", sha_type="SHA-256")
