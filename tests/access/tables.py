"""The content of every table as one hash each, to prove that a refusal changed nothing."""

from django.db import connection

# A session is kept up to date by every request; it holds no fact of the product.
NOT_WATCHED = {"django_session", "usersessions_usersession", "django_migrations"}


def row_hashes() -> dict[str, str]:
    """A hash of all rows of each table, in any order."""
    tables = [name for name in _tables() if name not in NOT_WATCHED]
    union = " UNION ALL ".join(
        f"SELECT {_literal(name)}, count(*) || ':' ||"
        " md5(coalesce(string_agg(md5(t::text), '' ORDER BY md5(t::text)), ''))"
        f" FROM public.{connection.ops.quote_name(name)} t"
        for name in tables
    )
    with connection.cursor() as cursor:
        cursor.execute(union)
        return dict(cursor.fetchall())


def changed(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """The tables whose rows differ."""
    return sorted(name for name in before if before[name] != after.get(name))


def _tables() -> list[str]:
    """Every table of the schema; a partitioned one is read through its parent."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace"
            " AND relkind IN ('r', 'p') AND NOT relispartition ORDER BY relname"
        )
        return [name for (name,) in cursor.fetchall()]


def _literal(name: str) -> str:
    return "'" + name.replace("'", "''") + "'"
