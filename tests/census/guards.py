"""Every guard that stands in the database, read from its catalogue.

A guard is a constraint, a unique index, a trigger, or a rule: a refusal that a trigger's
function raises under a name of its own.
"""

import re
from dataclasses import dataclass
from typing import Final

import psycopg

MONEY: Final = ("funds_", "payments_", "billing_", "pricing_")
OURS: Final = (*MONEY, "accounts_", "features_", "resources_", "jobs_")
RULE: Final = re.compile(r"CONSTRAINT\s*=\s*'(\w+)'")
KINDS: Final = {"c": "check", "u": "unique", "x": "exclusion", "f": "foreign key"}

_CONSTRAINTS: Final = """
SELECT c.relname, n.conname, n.contype::text, cardinality(n.conkey)
  FROM pg_constraint n JOIN pg_class c ON c.oid = n.conrelid
 WHERE c.relnamespace = 'public'::regnamespace AND n.contype IN ('c', 'u', 'x', 'f')
   AND NOT c.relispartition AND n.conparentid = 0
   -- One that holds the primary key is only there to be pointed at: it cannot be broken.
   AND NOT (n.contype = 'u' AND EXISTS (SELECT FROM pg_constraint k
     WHERE k.conrelid = n.conrelid AND k.contype = 'p' AND k.conkey <@ n.conkey))"""
# Django makes a conditional or functional uniqueness an index without a constraint.
_INDEXES: Final = """
SELECT c.relname, i.relname
  FROM pg_index x
  JOIN pg_class c ON c.oid = x.indrelid
  JOIN pg_class i ON i.oid = x.indexrelid
 WHERE c.relnamespace = 'public'::regnamespace AND x.indisunique AND NOT c.relispartition
   AND NOT EXISTS (SELECT FROM pg_constraint n WHERE n.conindid = x.indexrelid
                      AND n.contype IN ('p', 'u', 'x'))"""
_TRIGGERS: Final = """
SELECT c.relname, t.tgname, p.oid::regprocedure::text, p.prosrc
  FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid
 WHERE c.relnamespace = 'public'::regnamespace AND NOT t.tgisinternal
   AND NOT c.relispartition"""


@dataclass(frozen=True, order=True)
class Guard:
    """One guard; `function` is the trigger function that raises a rule."""

    table: str
    name: str
    kind: str
    columns: int = 1
    function: str = ""

    def __str__(self) -> str:
        return f"{self.table}: {self.name} ({self.kind})"

    @property
    def is_of_money(self) -> bool:
        return self.table.startswith(MONEY)


def standing(connection: psycopg.Connection) -> list[Guard]:
    """All guards of our tables; foreign keys and partitions' own triggers of money only."""
    found = [
        *(Guard(t, n, KINDS[k], c) for t, n, k, c in connection.execute(_CONSTRAINTS)),
        *(Guard(table, name, "unique index") for table, name in _pairs(connection)),
        *_triggers(connection),
    ]
    return sorted(
        guard
        for guard in set(found)
        if guard.table.startswith(OURS)
        and (guard.is_of_money or guard.kind != "foreign key")
    )


def _pairs(connection: psycopg.Connection) -> list[tuple[str, str]]:
    return [(table, name) for table, name in connection.execute(_INDEXES)]


def _triggers(connection: psycopg.Connection) -> list[Guard]:
    """Triggers that refuse by their own name, and the rules that others raise."""
    found = []
    for table, name, function, source in connection.execute(_TRIGGERS):
        rules = RULE.findall(source)
        if rules or "TG_NAME" not in source:
            found += [Guard(table, rule, "rule", function=function) for rule in rules]
        if not rules:
            found.append(Guard(table, name, "trigger"))
    return found
