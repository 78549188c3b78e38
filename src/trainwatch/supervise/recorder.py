"""What NCCL's flight recorder wrote: which collective each rank had last begun, and which ranks others wait for.

Torch writes one pickle per rank when its watchdog gives up (`TORCH_NCCL_DUMP_ON_TIMEOUT`), to the path in `TORCH_NCCL_DEBUG_INFO_TEMP_FILE`
and the rank's number; without it to /tmp/nccl_trace_rank_. Nothing is unpickled: `checkpoints.pickled` reads plain values only.
Fields: torch/csrc/distributed/c10d/FlightRecorder.hpp, versions 2.x.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from glob import escape
from pathlib import Path
from typing import Any

from trainwatch.checkpoints import pickled
from trainwatch.model.errors import NotReadableError
from trainwatch.store.files import read_bytes
from trainwatch.supervise.processes import Proc, owner

VARIABLE = "TORCH_NCCL_DEBUG_INFO_TEMP_FILE"
USUAL = "/tmp/nccl_trace_rank_"  # noqa: S108  where torch writes it unless it is told otherwise
LIMIT = 16 << 20
"""Bytes of a file that is read."""

MOST = 64
"""How many files are read."""


def files(ranks: Iterable[Proc]) -> list[Path]:
    """The files of these ranks and of the usual place, in the order of ranks; not those of users to whom none of the ranks belongs."""
    job = list(ranks)
    users = {os.geteuid(), *(owner(proc.pid) for proc in job)}
    prefixes = {proc.environ.get(VARIABLE) or USUAL for proc in job} | {USUAL}
    found = {path for prefix in prefixes for path in Path(prefix).parent.glob(f"{escape(Path(prefix).name)}*") if _rank(path) is not None}
    return sorted((path for path in found if _user(path) in users), key=lambda path: (_rank(path) or 0, str(path)))[:MOST]


def _user(path: Path) -> int:
    """The user id that a file belongs to, -1 when it is gone. A link counts as its own and not as what it leads to."""
    try:
        return path.lstat().st_uid
    except OSError:
        return -1


def read(paths: Iterable[Path]) -> list[dict[str, Any]]:
    """One entry per file: the rank, its newest collective as far as it can be told, or `why` the file says nothing."""
    return [_entry(path) for path in paths]


def behind(entries: Iterable[Mapping[str, Any]]) -> list[int]:
    """The ranks whose newest collective has a lower sequence number than another's: the others wait for them."""
    at = {int(entry["rank"]): int(entry["sequence"]) for entry in entries if entry.get("sequence") is not None}
    return sorted(rank for rank, sequence in at.items() if sequence < max(at.values()))


def _rank(path: Path) -> int | None:
    """The number at the end of the name."""
    digits = path.name[len(path.name.rstrip("0123456789")) :]
    return int(digits) if digits else None


def _entry(path: Path) -> dict[str, Any]:
    """What one file tells."""
    entry: dict[str, Any] = {"rank": _rank(path), "path": os.fspath(path)}
    try:
        data = read_bytes(path, LIMIT)
        value = pickled.read(data or b"")
    except (NotReadableError, pickled.NotPlain) as error:
        return {**entry, "why": str(error)}
    newest = _newest(value)
    if newest is None:
        return {**entry, "why": "it holds no collective"}
    sequence = newest.get("collective_seq_id", newest.get("seq_id"))
    told = {name: newest.get(name) for name in ("profiling_name", "state", "input_sizes", "output_sizes", "process_group")}
    entry["sequence"] = sequence if isinstance(sequence, int) else None
    return entry | {name: str(value)[:200] for name, value in told.items() if value is not None}


def _newest(value: Any) -> Mapping[str, Any] | None:
    """The collective with the highest number."""
    entries = value.get("entries") if isinstance(value, Mapping) else None
    known = [entry for entry in entries if isinstance(entry, Mapping)] if isinstance(entries, list) else []
    return max(known, key=lambda entry: entry["record_id"] if isinstance(entry.get("record_id"), int) else -1, default=None)
