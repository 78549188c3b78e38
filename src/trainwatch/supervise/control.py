"""Our side of the talk with the hook in the job: files in `control/` and `ranks/`, nothing else."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trainwatch.model.errors import NotReadableError
from trainwatch.store.files import read_json, write_json
from trainwatch.store.lock import start_ticks
from trainwatch.store.rundir import RunDir


@dataclass(frozen=True, slots=True)
class Rank:
    """The hook in one rank, as it last announced itself.

    `changed` is the file's modification time in ns, to be compared only with itself. `refused`: why it did not save the best evaluation,
    which it was asked to; `off`: why it has switched itself off. Both are empty where all is well.
    """

    rank: int
    world_size: int
    pid: int
    ticks: int
    host: str
    caps: frozenset[str]
    step: int | None
    phase: str
    changed: int
    refused: str = ""
    off: str = ""

    def alive(self) -> bool:
        """Whether the process is there; one on another machine is believed."""
        return self.host != os.uname().nodename or start_ticks(self.pid) == self.ticks != 0


@dataclass(frozen=True, slots=True)
class Best:
    """A checkpoint that the standing order made."""

    path: str
    step: int | None
    value: float | None


class Control:
    """Reads and writes the files of one run. Foreign nonsense in them is treated as absent, and told by `refused`."""

    def __init__(self, run_dir: RunDir, run_id: str) -> None:
        self.dir = run_dir
        self.run_id = run_id
        self._refused: dict[str, bool] = {}

    def ask(self, request: str, *, stop: bool, hold: float, reason: str, within: float | None = None) -> None:
        """Ask the job to save; writing the same id again is harmless. `within` seconds, None: it may take its time. Raises NotWrittenError."""
        op = "save_stop" if stop else "save"
        value = {"v": 1, "run": self.run_id, "id": request, "op": op, "hold_s": hold, "reason": reason}
        write_json(self.dir.request, value if within is None else {**value, "within_s": round(within, 1)})

    def answer(self, request: str) -> dict[str, Any]:
        """The job's answer; empty before there is one."""
        value = self._read(self.dir.ack(request)) or {}
        return value if value.get("id") == request else {}

    def release(self, request: str, op: str) -> None:
        """Let ranks that hold go on ("go_on") or end by themselves ("leave"). Raises NotWrittenError."""
        write_json(self.dir.release(request), {"v": 1, "run": self.run_id, "id": request, "op": op})

    def stand(self, metric: str, direction: str) -> None:
        """The standing order: save at the evaluation that is the best so far. Raises NotWrittenError."""
        write_json(self.dir.standing, {"v": 1, "run": self.run_id, "metric": metric, "direction": direction})

    def ranks(self) -> list[Rank]:
        """Every rank that announced itself and still lives."""
        found = (self._rank(path) for path in sorted(self.dir.ranks.glob("rank*.json")))
        return [rank for rank in found if rank is not None and rank.alive()]

    def changed(self) -> int:
        """When a file last came into `control/`, in ns, to be compared only with itself; 0 when it cannot be told."""
        try:
            return self.dir.control.stat().st_mtime_ns
        except OSError:
            return 0

    def bests(self) -> Iterator[Best]:
        """What the standing order has saved."""
        for path in sorted(self.dir.control.glob("best-*.json")):
            value = self._read(path)
            if value and isinstance(value.get("path"), str):
                step, number = value.get("step"), value.get("value")
                yield Best(value["path"], step if isinstance(step, int) else None, number if isinstance(number, int | float) else None)

    def refused(self) -> Iterator[str]:
        """Why files were not read, each reason once."""
        for why, told in list(self._refused.items()):
            if not told:
                self._refused[why] = True
                yield why

    def _rank(self, path: Path) -> Rank | None:
        """One rank's file."""
        value = self._read(path)
        try:
            return None if value is None else _decode(value, path.stat().st_mtime_ns)
        except OSError:
            return None
        except (KeyError, TypeError, ValueError) as error:
            self._refused.setdefault(f"{path}: {error!r} is missing or wrong", False)
            return None

    def _read(self, path: Path) -> dict[str, Any] | None:
        """A small JSON object; None when it is absent or makes no sense."""
        try:
            return read_json(path)
        except NotReadableError as error:
            self._refused.setdefault(str(error), False)
            return None


def safe_id(text: str) -> str:
    """A text as part of a file name: letters, digits, `.`, `_`, `-`."""
    return re.sub(r"[^A-Za-z0-9._-]+", ".", text).strip(".")[:80] or "x"


def _decode(value: dict[str, Any], changed: int) -> Rank:
    """The rank of a JSON object. Raises KeyError, TypeError or ValueError."""
    step = value.get("step")
    return Rank(
        int(value["rank"]),
        int(value.get("world_size", 1)),
        int(value["pid"]),
        int(value.get("ticks", 0)),
        str(value.get("host", "")),
        frozenset(map(str, value.get("caps", ()))),
        step if isinstance(step, int) else None,
        str(value.get("phase", "")),
        changed,
        str(value.get("refused") or ""),
        str(value.get("off") or ""),
    )
