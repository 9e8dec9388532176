"""Every single foreign key of the money tables refuses a row that points at nothing.

The attack is the same for all of them, so it is made from the catalogue: point one row at
an id that no row has, with the table's own triggers switched off so that a constraint
must refuse: the key itself, or a wider one before it (a key of several columns, a check).
A money table without a row in the world fails, since nothing was tried.
"""

from typing import Any

import psycopg
import pytest
from psycopg import sql

from tests.census.guards import MONEY
from tests.databases import Database

NOBODY = 999_999_999
KEYS = """
SELECT c.relname, n.conname, a.attname
  FROM pg_constraint n
  JOIN pg_class c ON c.oid = n.conrelid
  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = n.conkey[1]
 WHERE c.relnamespace = 'public'::regnamespace AND n.contype = 'f'
   AND cardinality(n.conkey) = 1 AND n.conparentid = 0 AND NOT c.relispartition
 ORDER BY 1, 2"""


@pytest.mark.usefixtures("one_of_everything")
def test_every_foreign_key_refuses_a_row_that_points_at_nothing(
    committed_db: Database,
) -> None:
    owner = committed_db.connect("owner")
    keys = [key for key in owner.execute(KEYS).fetchall() if key[0].startswith(MONEY)]

    constraints = {name for (name,) in owner.execute("SELECT conname FROM pg_constraint")}

    outcomes = {
        f"{table}.{column}": _pointed_at_nothing(owner, table, column)
        for table, _name, column in keys
    }
    wrong = {key: got for key, got in outcomes.items() if got not in constraints}
    by_itself = sum(outcomes[f"{table}.{column}"] == name for table, name, column in keys)

    assert len(keys) > 25
    assert wrong == {}
    assert by_itself > len(keys) * 3 // 4


def _pointed_at_nothing(owner: psycopg.Connection, table: str, column: str) -> Any:
    names = {"t": sql.Identifier(table), "c": sql.Identifier(column)}
    try:
        owner.execute(sql.SQL("ALTER TABLE {t} DISABLE TRIGGER USER").format(**names))
        done = owner.execute(
            sql.SQL(
                "UPDATE {t} SET {c} = %s WHERE ctid IN"
                " (SELECT ctid FROM {t} ORDER BY {c} LIMIT 1)"
            ).format(**names),
            [NOBODY],
        )
        if not done.rowcount:
            return "the world has no row of this table"
        owner.execute("SET CONSTRAINTS ALL IMMEDIATE")
    except psycopg.Error as error:
        return error.diag.constraint_name or str(error)
    finally:
        owner.rollback()
    return "the row was taken"
