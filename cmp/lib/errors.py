"""Refusals: what a user can cause, said in words fit to show."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.db import DatabaseError


class DomainError(Exception):
    """A rule of the product refuses what was asked; `str()` of it is fit to show."""


def constraint_name(error: DatabaseError) -> str:
    """The name of the constraint or guard that refused, or an empty string."""
    diagnosis: Any = getattr(error.__cause__, "diag", None)
    return getattr(diagnosis, "constraint_name", None) or ""


@contextmanager
def refusals(mapping: Mapping[str, DomainError | type[DomainError]]) -> Iterator[None]:
    """Turn a refusal of the database into the domain error its constraint stands for.

    The constraint's name decides; an error of a constraint that `mapping` does not
    name is a bug of ours and passes through.
    """
    try:
        yield
    except DatabaseError as error:
        refusal = mapping.get(constraint_name(error))
        if refusal is None:
            raise
        raise refusal from error
