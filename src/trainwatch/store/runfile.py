"""run.json: who a run is, and all that is needed to fold it again."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from trainwatch.model.errors import NotReadableError
from trainwatch.model.facts import Fact, Given, restored
from trainwatch.model.part import Part
from trainwatch.model.snapshot import RunInfo
from trainwatch.store.create import check_readable
from trainwatch.store.files import read_json, write_json
from trainwatch.store.rundir import RunDir

LIMIT = 1 << 20
"""Bytes of a run file: a command line may be long."""


@dataclass(frozen=True, slots=True)
class RunFile:
    """The content of run.json.

    `preset` is the name or path of the rules, `formats` restricts the readers (None: all), `stated` are the user's `--fact` values,
    and what lay beside the log when the run began.
    Sources in `info` are absolute paths. `attempt` is the run's that the job is: what came before it is in the arrivals. `extra` holds every other key, kept as it is.
    """

    info: RunInfo
    preset: str = "default"
    formats: tuple[str, ...] | None = None
    stated: Mapping[str, Given] = field(default_factory=dict)
    cwd: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)
    attempt: int = 1

    def save(self, run_dir: RunDir) -> None:
        """Write run.json. Raises NotWrittenError."""
        info = self.info
        value = {
            **self.extra,
            "v": 1,
            "run": info.id,
            "name": info.name,
            "sources": list(info.sources),
            "parts": [[part.source, part.attempt, part.rank] for part in info.parts],
            "command": list(info.command),
            "cwd": self.cwd,
            "host": info.host,
            "job_id": info.job_id,
            "started_at": None if math.isnan(info.started_at) else info.started_at,
            "supervised": info.supervised,
            "may": info.may,
            "preset": self.preset,
            "formats": None if self.formats is None else list(self.formats),
            "attempt": self.attempt,
            "facts": {name: asdict(fact) if isinstance(fact, Fact) else fact for name, fact in self.stated.items()},
        }
        write_json(run_dir.run, value)


KNOWN = frozenset(
    "v run name sources parts command cwd host job_id started_at supervised may preset formats attempt facts".split()  # noqa: SIM905  a line of words
)


def load(run_dir: RunDir) -> RunFile:
    """Read run.json. Raises NotReadableError when the directory is not ours alone nor shared with us, or the file is missing or wrong."""
    check_readable(run_dir.path)
    value = read_json(run_dir.run, LIMIT)
    if value is None:
        raise NotReadableError(f"{run_dir.run}: is missing; {run_dir.path} is no run directory")
    try:
        return _decode(run_dir, value)
    except (KeyError, TypeError, ValueError) as error:
        raise NotReadableError(f"{run_dir.run}: {error!r} is missing or wrong") from error


def _decode(run_dir: RunDir, value: dict[str, Any]) -> RunFile:
    """The run file of a JSON object."""
    started, formats = value.get("started_at"), value.get("formats")
    info = RunInfo(
        id=str(value["run"]),
        name=str(value["name"]),
        sources=tuple(str(source) for source in value["sources"]),
        command=tuple(str(word) for word in value.get("command", ())),
        host=str(value.get("host", "")),
        directory=os.fspath(run_dir.path),
        job_id=str(value.get("job_id", "")),
        started_at=math.nan if started is None else float(started),
        supervised=bool(value.get("supervised", False)),
        may=str(value.get("may", "watch")),
        parts=tuple(
            Part(str(source), int(attempt), None if rank is None else int(rank)) for source, attempt, rank in value.get("parts", ())
        ),
    )
    return RunFile(
        info,
        preset=str(value.get("preset", "default")),
        formats=None if formats is None else tuple(str(name) for name in formats),
        stated=restored(value.get("facts", {})),
        cwd=str(value.get("cwd", "")),
        extra={key: inner for key, inner in value.items() if key not in KNOWN},
        attempt=int(value.get("attempt", 1)),
    )
