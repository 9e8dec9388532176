"""Delivers notices, and repeats them until the merchant acknowledges."""

import http.client
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

from tools.sandbox_gateway.merchants import Options
from tools.sandbox_gateway.store import Store

ANSWER_TIMEOUT_S = 20.0


class Courier:
    """Sends what is due, a few at a time; what is not acknowledged comes round again."""

    def __init__(self, store: Store, options: Options) -> None:
        self._store = store
        self._options = options
        self._changed = threading.Condition()
        self._stopping = False
        self._pool = ThreadPoolExecutor(max_workers=8, thread_name_prefix="notice")
        self._thread = threading.Thread(target=self._work, name="courier", daemon=True)

    def start(self) -> None:
        # A notice that was on its way when the last process ended is sent again.
        self._store.run("UPDATE notice SET state = 'QUEUED' WHERE state = 'SENDING'")
        self._thread.start()

    def stop(self) -> None:
        self._tell(stopping=True)
        self._thread.join(timeout=5)
        self._pool.shutdown(wait=True, cancel_futures=True)

    def add(
        self,
        reference: str,
        url: str,
        parcel: tuple[bytes, str],
        *,
        wait_s: float,
        held: bool,
    ) -> None:
        """Take a notice for delivery in `wait_s` seconds, or when `release` is called."""
        self._store.run(
            "INSERT INTO notice (reference, url, body, content_type, due_at, state)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            *(reference, url, *parcel, time.time() + wait_s, "HELD" if held else "QUEUED"),
        )
        self._tell()

    def release(self, reference: str, *, wait_s: float = 0.0) -> int:
        rows = self._store.run(
            "UPDATE notice SET state = 'QUEUED', due_at = ?"
            " WHERE reference = ? AND state = 'HELD' RETURNING id",
            *(time.time() + wait_s, reference),
        )
        self._tell()
        return len(rows)

    def wait_until_heard(
        self, reference: str, *, timeout_s: float, notices: int = 1
    ) -> bool:
        """Wait until so many notices of this reference were acknowledged or given up."""
        with self._changed:
            return self._changed.wait_for(
                lambda: self._ended(reference) >= notices, timeout_s
            )

    def _ended(self, reference: str) -> int:
        rows = self._store.run(
            "SELECT count(*) FROM notice WHERE reference = ?"
            " AND state IN ('ACKNOWLEDGED', 'GIVEN UP')",
            reference,
        )
        return int(rows[0][0])

    def _work(self) -> None:
        while not self._stopping:
            for notice in self._take_due():
                self._pool.submit(self._deliver, notice)
            with self._changed:
                if not self._stopping:
                    self._changed.wait(self._until_next())

    def _take_due(self) -> list[dict[str, Any]]:
        rows = self._store.run(
            "UPDATE notice SET state = 'SENDING', tries = tries + 1"
            " WHERE state = 'QUEUED' AND due_at <= ? RETURNING *",
            time.time(),
        )
        return [dict(row) for row in rows]

    def _until_next(self) -> float:
        rows = self._store.run("SELECT min(due_at) FROM notice WHERE state = 'QUEUED'")
        due_at = rows[0][0]
        return 60.0 if due_at is None else max(0.0, due_at - time.time())

    def _deliver(self, notice: dict[str, Any]) -> None:
        answer = _post(notice["url"], notice["body"], notice["content_type"])
        is_heard = answer.isdigit() and (200 <= int(answer) < 300 or answer == "302")
        if is_heard:
            state = "ACKNOWLEDGED"
        else:
            state = "QUEUED" if notice["tries"] <= self._options.retries else "GIVEN UP"
        self._store.run(
            "UPDATE notice SET state = ?, due_at = ? WHERE id = ?",
            *(state, time.time() + self._options.retry_interval_s, notice["id"]),
        )
        self._store.note(
            notice["reference"],
            "notice",
            **{
                "try": notice["tries"],
                "answer": answer,
                "state": state,
                "to": notice["url"],
            },
        )
        self._tell()

    def _tell(self, *, stopping: bool = False) -> None:
        with self._changed:
            self._stopping = self._stopping or stopping
            self._changed.notify_all()


def _post(url: str, body: bytes, content_type: str) -> str:
    """Return the HTTP status as text, or why there is none."""
    parts = urlsplit(url)
    kind = (
        http.client.HTTPSConnection
        if parts.scheme == "https"
        else http.client.HTTPConnection
    )
    connection = kind(parts.netloc, timeout=ANSWER_TIMEOUT_S)
    try:
        headers = {"Content-Type": content_type, "User-Agent": "sandbox-gateway"}
        connection.request("POST", parts.path or "/", body, headers)
        return str(connection.getresponse().status)
    except (OSError, http.client.HTTPException) as failure:
        return f"no answer ({type(failure).__name__})"
    finally:
        connection.close()
