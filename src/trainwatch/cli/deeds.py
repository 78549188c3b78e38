"""What the supervisor did, as plain lines from its journal: not one of them is missed, however fast they follow each other."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from itertools import takewhile
from pathlib import Path
from typing import Any

from trainwatch.model.errors import NotReadableError
from trainwatch.present.clean import clean
from trainwatch.store import journal
from trainwatch.store.rundir import RunDir


class Deeds:
    """Reads the journal of one run as it grows."""

    def __init__(self, run_dir: RunDir) -> None:
        self._path = run_dir.journal
        self._size = 0
        self._waiting: list[Mapping[str, Any]] = []
        self._read = 0

    def lines(self, until: float = math.inf) -> list[str]:
        """What was done since the last call and not after `until`, in Unix seconds; the rest comes later."""
        self._waiting += self._new()
        ripe = list(takewhile(lambda entry: _at(entry) <= until, self._waiting))
        del self._waiting[: len(ripe)]
        return [clean(f"{_clock(entry)} {text}") for entry in ripe if (text := _sentence(entry))]

    def _new(self) -> list[dict[str, Any]]:
        """The entries that were appended."""
        size = self._length()
        if size == self._size:
            return []
        self._size = size
        try:
            entries = journal.read(self._path)
        except NotReadableError:
            return []
        new = entries[self._read :]
        self._read = len(entries)
        return new

    def _length(self) -> int:
        """How long the journal is; 0 without one."""
        path = Path(self._path)
        return path.stat().st_size if path.exists() else 0


def _sentence(entry: Mapping[str, Any]) -> str:
    """An entry for people; empty for what the other lines say."""
    match entry.get("event"):
        case "machine":
            return str(entry.get("text", ""))
        case "proof":
            return f"proof {entry.get('path')}: {'complete' if entry.get('complete') else 'not complete'}, {entry.get('why')}"
        case "request" if entry.get("op") == "note":
            return f'note of {entry.get("who")}: "{entry.get("reason")}"; the rules start again from here'
        case "refused":
            return f"refused: {entry.get('why')}"
        case "hook_refused":
            return f"the best evaluation is not saved: {entry.get('why')}"
        case "hook_off" | "no_hook":
            return str(entry.get("why"))
        case "no_requeue":
            return (
                f"Slurm job {entry.get('job')}: {'will not be requeued' if entry.get('done') else 'its requeue could not be switched off'}"
            )
        case "scancel":
            return f"scancel {entry.get('job')}{'' if entry.get('done') else ' was refused'}"
        case "dossier":
            behind = ", ".join(f"rank {rank}" for rank in entry.get("behind", ()))
            return f"what the hung job looked like is in {entry.get('path')}{f'; behind the others: {behind}' if behind else ''}"
        case "doorbell":
            return f"asked to save by {entry.get('name')}{f', which failed: {why}' if (why := entry.get('why')) else ''}"
        case "settled" if entry.get("why"):
            return f"{entry.get('files')} of {entry.get('total')} files of {entry.get('path')} are surely on the disk: {entry.get('why')}"
        case "signal":
            return f"{entry.get('signal')} to {len(entry.get('pids', ()))} processes: {', '.join(map(str, entry.get('names', ())))}"
        case "request_refused":
            return f"request {entry.get('request')} refused: {entry.get('why')}"
        case "stopped":
            torn = "".join(f"; newer and torn: {path}" for path in entry.get("torn", ()))
            return f"to resume: {entry['resume']}{torn}" if entry.get("resume") else torn.lstrip("; ")
    return ""


def _at(entry: Mapping[str, Any]) -> float:
    """When an entry was written, in Unix seconds; 0 when it does not say."""
    at = entry.get("at")
    return float(at) if isinstance(at, int | float) else 0.0


def _clock(entry: Mapping[str, Any]) -> str:
    """The time of day of an entry."""
    return time.strftime("%H:%M:%S", time.localtime(_at(entry)))
