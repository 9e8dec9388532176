"""Everything the gateway remembers, in one SQLite file behind one lock."""

from __future__ import annotations

import json
import secrets
import sqlite3
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.sandbox_gateway import codes

SCHEMA = """
CREATE TABLE IF NOT EXISTS payment (
    id INTEGER PRIMARY KEY AUTOINCREMENT, page_key TEXT UNIQUE NOT NULL,
    merchant TEXT NOT NULL, reference TEXT NOT NULL, request TEXT NOT NULL,
    state TEXT NOT NULL, code TEXT NOT NULL, captured INTEGER NOT NULL DEFAULT 0,
    refunded INTEGER NOT NULL DEFAULT 0, attempts INTEGER NOT NULL DEFAULT 0,
    card TEXT NOT NULL DEFAULT '{}', choice TEXT NOT NULL DEFAULT 'normal',
    UNIQUE (merchant, reference));
CREATE TABLE IF NOT EXISTS refund (
    payment INTEGER NOT NULL, maintenance_reference TEXT, amount INTEGER NOT NULL);
CREATE UNIQUE INDEX IF NOT EXISTS one_refund_per_reference
    ON refund (payment, maintenance_reference) WHERE maintenance_reference <> '';
CREATE TABLE IF NOT EXISTS token (
    name TEXT PRIMARY KEY, merchant TEXT NOT NULL, card TEXT NOT NULL, state TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS notice (
    id INTEGER PRIMARY KEY AUTOINCREMENT, reference TEXT NOT NULL, url TEXT NOT NULL,
    body BLOB NOT NULL, content_type TEXT NOT NULL, tries INTEGER NOT NULL DEFAULT 0,
    due_at REAL NOT NULL, state TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS script (reference TEXT PRIMARY KEY, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS event (
    id INTEGER PRIMARY KEY AUTOINCREMENT, at REAL NOT NULL, reference TEXT NOT NULL,
    kind TEXT NOT NULL, told TEXT NOT NULL);
"""

# The gateway's order numbers are long; starting high keeps them plausible and never short.
FIRST_FORT_ID = 169_996_200_024_000_000


@dataclass(frozen=True)
class Payment:
    """One order at the gateway, as it stands."""

    id: int
    page_key: str
    merchant: str
    reference: str
    request: dict[str, str]
    state: str
    code: str
    captured: int
    refunded: int
    attempts: int
    card: dict[str, str]
    choice: str

    @property
    def fort_id(self) -> str:
        return str(FIRST_FORT_ID + self.id)

    @property
    def authorization_code(self) -> str:
        return self.fort_id[-6:]

    @property
    def is_open(self) -> bool:
        return self.state in {"OPEN", "CHALLENGED"}

    @property
    def language(self) -> str:
        return self.request["language"]


class Store:
    """The gateway's tables. Each method is one locked step: two tabs cannot pay twice."""

    def __init__(self, database: str) -> None:
        if database != ":memory:":
            Path(database).parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.RLock()
        self._connection = sqlite3.connect(
            database, check_same_thread=False, isolation_level=None
        )
        self._connection.row_factory = sqlite3.Row
        self._connection.executescript(SCHEMA)
        # A new file must not give out the numbers of one that was thrown away: the shop
        # remembers them, and takes a second payment under one for a forgery.
        self.run(
            "INSERT INTO sqlite_sequence SELECT 'payment', ?"
            " WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'payment')",
            int(time.time()),
        )

    def run(self, sql: str, *values: Any) -> list[sqlite3.Row]:
        with self._lock:
            return self._connection.execute(sql, values).fetchall()

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    def add_payment(self, request: dict[str, str]) -> Payment | None:
        """Store a new order, or return nothing if the reference was used before."""
        rows = self.run(
            "INSERT INTO payment (page_key, merchant, reference, request, state, code)"
            " VALUES (?, ?, ?, ?, 'OPEN', ?) ON CONFLICT DO NOTHING RETURNING *",
            secrets.token_urlsafe(24),
            request["merchant_identifier"],
            request["merchant_reference"],
            json.dumps(request),
            codes.STORED,
        )
        return _payment(rows[0]) if rows else None

    def payment_by_key(self, page_key: str) -> Payment | None:
        rows = self.run("SELECT * FROM payment WHERE page_key = ?", page_key)
        return _payment(rows[0]) if rows else None

    def find_payment(self, merchant: str, reference: str, fort_id: str) -> Payment | None:
        """Find an order by whatever the merchant sent; what was sent must all match."""
        number = int(fort_id) - FIRST_FORT_ID if fort_id.isdecimal() else -1
        rows = self.run(
            "SELECT * FROM payment WHERE merchant = ? AND (? = '' OR reference = ?)"
            " AND (? = '' OR id = ?) AND (? <> '' OR ? <> '')",
            *(merchant, reference, reference, fort_id, number, reference, fort_id),
        )
        return _payment(rows[0]) if rows else None

    def notice_source(self, payment: Payment) -> str:
        """Return the newest return URL this merchant named: its notices go beside it."""
        rows = self.run(
            "SELECT request FROM payment WHERE merchant = ? AND id <= ? ORDER BY id DESC",
            *(payment.merchant, payment.id),
        )
        urls = (json.loads(row["request"]).get("return_url", "") for row in rows)
        return next((url for url in urls if url), "")

    def settle(self, payment: Payment, *, state: str, code: str, **columns: Any) -> bool:
        """Move an open order on; says no when another tab was first."""
        sets = "".join(f", {name} = ?" for name in columns)
        rows = self.run(
            f"UPDATE payment SET state = ?, code = ?{sets}"  # noqa: S608 - our own names
            " WHERE id = ? AND state IN ('OPEN', 'CHALLENGED') RETURNING id",
            state,
            code,
            *columns.values(),
            payment.id,
        )
        return bool(rows)

    def add_refund(self, payment: Payment, amount: int, maintenance_reference: str) -> str:
        """Book a refund; returns the message code that refuses it, or nothing."""
        with self._lock:
            current = self.payment_by_key(payment.page_key)
            assert current is not None
            if current.refunded + amount > current.captured:
                return "048"
            try:
                self.run(
                    "INSERT INTO refund VALUES (?, ?, ?)",
                    *(payment.id, maintenance_reference, amount),
                )
            except sqlite3.IntegrityError:
                return "066"
            self.run(
                "UPDATE payment SET refunded = refunded + ?, code = ? WHERE id = ?",
                *(amount, codes.REFUNDED, payment.id),
            )
            return ""

    def note(self, reference: str, kind: str, **told: Any) -> None:
        """Write one line of the log page."""
        self.run(
            "INSERT INTO event (at, reference, kind, told) VALUES (?, ?, ?, ?)",
            *(time.time(), reference, kind, json.dumps(told, ensure_ascii=False)),
        )


def _payment(row: sqlite3.Row) -> Payment:
    columns = dict(row)
    columns["request"] = json.loads(columns["request"])
    columns["card"] = json.loads(columns["card"])
    return Payment(**columns)
