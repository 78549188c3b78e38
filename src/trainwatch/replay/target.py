"""What a person points at: a run of ours, or logs."""

from __future__ import annotations

import math
import os
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from trainwatch.model.errors import NotFoundError, NotReadableError, UsageError
from trainwatch.model.facts import Given
from trainwatch.model.part import Part
from trainwatch.replay.beside import beside
from trainwatch.replay.layout import layout, partner
from trainwatch.sources import target as sources
from trainwatch.sources.follow import Follower
from trainwatch.sources.naming import called
from trainwatch.sources.readable import is_log
from trainwatch.store import openrun, statefile
from trainwatch.store.rundir import RunDir

PIPE = "-"

NAMED = 4
"""Logs that are named one by one."""


@dataclass(frozen=True, slots=True)
class Target:
    """Either a run directory, or logs, or the descriptor of a pipe. `found` says what was found when the words do not."""

    run_dir: RunDir | None = None
    logs: tuple[Path, ...] = ()
    pipe: int | None = None
    found: str = ""
    words: tuple[str, ...] = field(default=(), compare=False)
    """The folders and patterns among the words: more logs may come to lie there."""
    pids: tuple[int, ...] = ()
    """The processes among the words: they may write on as long as they live."""
    alone: bool = field(default=False, compare=False)
    """Whether what lies beside the logs is left alone."""

    @property
    def name(self) -> str:
        """What to call it."""
        if self.run_dir is not None:
            return self.run_dir.path.name
        return called(self.logs[0]) if self.logs else "stdin"

    def given(self, stated: Mapping[str, Given] | None) -> dict[str, Given]:
        """What is known before the logs are read: what lies beside them, unless they are read alone, and over it what the user states.

        A run of ours was given it when it began.
        """
        found = {} if self.alone or self.run_dir is not None else beside(self.logs)
        return {**found, **(stated or {})}

    @property
    def parts(self) -> tuple[Part, ...]:
        """The logs in the order in which they are read; nothing for a single one."""
        return layout(self.logs) if len(self.logs) > 1 else ()

    def grown(self) -> Target:
        """With the logs that have come to lie in its folders since; itself when there are none."""
        found = {log: None for word in self.words for log in sources.present(word)}
        new = [log for log in found if log not in self.logs]
        return replace(self, logs=(*self.logs, *new)) if new else self


def resolve(words: Sequence[str], environ: Mapping[str, str], *, stdin: int = 0, alone: bool = False) -> Target:
    """What the words name: one run, or the logs of one run.

    A file, a folder (a run, else every log in it), a pattern, a pid, `slurm:ID`, `-`, the id or name of a run, the beginning of an id. A
    log that a run of ours is writing, or wrote last, means that run; a log means the other stream of its job too, unless `alone`.
    Raises NotFoundError, NotReadableError, UsageError.
    """
    if "" in words:
        raise UsageError("a target is empty: is a variable of the command line not set?")
    places = tuple(word for word in words if Path(word).is_dir() or sources.is_pattern(word))
    words = [found for word in words for found in sources.expanded(word)]
    if PIPE in words:
        if len(words) > 1:
            raise UsageError("- (standard input) cannot be combined with other targets")
        if os.isatty(stdin):
            raise UsageError("- reads a pipe, and standard input is a terminal; try: python train.py 2>&1 | trainwatch attach -")
        return Target(pipe=stdin)
    if len(words) == 1:
        return replace(_one(words[0], environ, alone=alone), words=places, alone=alone)
    logs = tuple(dict.fromkeys(path for word in words for path in sources.logs(word)))
    return Target(logs=logs, found=_described(logs), words=places, pids=tuple(int(w) for w in words if _is_process(w)), alone=alone)


def _one(word: str, environ: Mapping[str, str], *, alone: bool) -> Target:
    """What a single word names."""
    path = Path(word)
    if path.is_dir() and openrun.is_run(path):
        return Target(run_dir=openrun.get(word, environ))
    if _is_pipe(path):
        return Target(pipe=os.open(path, os.O_RDONLY | os.O_CLOEXEC))
    if not path.exists() and not word.startswith(sources.SLURM):
        run_dir = openrun.find(word, environ, Path.cwd())
        if run_dir is not None:
            return Target(run_dir=run_dir)
        if not word.isdecimal():
            raise NotFoundError(f"{word}: no such file, folder or run; `trainwatch ls` lists the runs known here")
    logs = sources.logs(word)
    run_dir = run_of(logs[0], environ)
    if run_dir is not None:
        return Target(run_dir=run_dir, found=f"{word}: the log of {run_dir.path.name}")
    other = partner(path) if logs == (path,) and not alone else None
    if other is not None and is_log(other):
        return Target(logs=(path, other), found=f"{path} and {other.name} are read as one run; --alone leaves {other.name} out")
    pids = (int(word),) if _is_process(word) else ()
    return Target(logs=logs, found="" if logs == (path,) else f"{word}: {_described(logs)}", pids=pids)


def _is_process(word: str) -> bool:
    """Whether a word that names logs does so by the number of a process."""
    return word.isdecimal() and not Path(word).exists()


def _described(logs: Sequence[Path]) -> str:
    """What several logs are."""
    parts = layout(logs) if len(logs) > 1 else ()
    ranks = {part.rank for part in parts if part.rank is not None}
    attempts = {part.attempt for part in parts}
    what = [f"{len(ranks)} ranks"] * (len(ranks) > 1) + [f"{len(attempts)} attempts"] * (len(attempts) > 1)
    names = ", ".join(map(str, logs)) if len(logs) <= NAMED else f"{len(logs)} logs from {logs[0]} to {logs[-1]}"
    return f"{names} ({', '.join(what)} of one run)" if what else names


def run_of(log: Path, environ: Mapping[str, str]) -> RunDir | None:
    """The run of ours that writes a log, or wrote all of it that there is; None when the log is nobody's, or somebody else's by now."""
    for run_dir in openrun.of_log(log, environ):
        if not openrun.ended(run_dir) or _is_as_left(run_dir, log):
            return run_dir
    return None


def _is_as_left(run_dir: RunDir, log: Path) -> bool:
    """Whether the log still is what the run's supervisor read last."""
    try:
        state = statefile.load(run_dir)
        kept = (state.followers if state is not None else {}).get(str(log.absolute()))
        follower = Follower.restore(log, dict(kept)) if kept else None
    except (NotReadableError, ValueError, TypeError):
        return False
    if follower is None:
        return False
    unchanged = follower.read(math.nan) is None and not follower.problem
    follower.close()
    return unchanged


def _is_pipe(path: Path) -> bool:
    """Whether a path is a named pipe, such as the shell's `<(…)`."""
    try:
        return stat.S_ISFIFO(path.stat().st_mode)
    except OSError:
        return False
