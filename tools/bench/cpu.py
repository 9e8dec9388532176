"""CPU time of a PostgreSQL backend, read from the process accounting of Linux."""

import os
from pathlib import Path


def backend_cpu_s(pid: int) -> float | None:
    """User and system seconds of a process so far; None where nobody accounts for it."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
