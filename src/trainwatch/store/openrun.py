"""Find a run by what a person calls it."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from trainwatch.model.errors import NotFoundError, NotReadableError, UsageError
from trainwatch.store import index, runfile, statefile
from trainwatch.store.create import check_readable, places
from trainwatch.store.rundir import RunDir
from trainwatch.store.runfile import RunFile


def known(environ: Mapping[str, str], near: Path | None = None) -> list[tuple[RunDir, RunFile]]:
    """Every run of ours that is known: pointed to, in $TRAINWATCH_HOME, and beside `near` (a log or folder). The newest first."""
    runs = [(run_dir, run) for run_dir in _directories(environ, near) if isinstance(run := _load(run_dir), RunFile)]
    return sorted(runs, key=lambda pair: _started(pair[1]), reverse=True)


def refused(environ: Mapping[str, str], near: Path | None = None) -> dict[RunDir, NotReadableError]:
    """The run directories that `known` leaves out, and why: they are not ours alone, or damaged."""
    return {run_dir: error for run_dir in _directories(environ, near) if isinstance(error := _load(run_dir), NotReadableError)}


def find(word: str, environ: Mapping[str, str], near: Path | None = None) -> RunDir | None:
    """The run with that directory, id, name or beginning of an id; None when there is none.

    Of several with one name: the only one that has not ended, else the newest. Raises UsageError when it is not clear which one is
    meant, NotReadableError for a run directory that is not ours, nor shared with us.
    """
    folder = Path(word)
    if is_run(folder):
        check_readable(folder.resolve())
        return RunDir(folder.resolve())
    runs = known(environ, near)
    for exact in ([p for p in runs if p[1].info.id == word], [p for p in runs if p[1].info.name == word]):
        if exact:
            return _choose(word, exact)
    begun = [pair for pair in runs if word and pair[1].info.id.startswith(word)]
    if len(begun) > 1:
        raise _ambiguous(word, begun)
    if word and not begun:
        _refuse(word, environ, near)
    return begun[0][0] if begun else None


def get(word: str, environ: Mapping[str, str], near: Path | None = None) -> RunDir:
    """Like `find`; raises NotFoundError when there is none."""
    run_dir = find(word, environ, near)
    if run_dir is None:
        raise NotFoundError(f"{word}: there is no run of that id, name or directory; `trainwatch ls` lists the runs known here")
    return run_dir


def of_log(log: Path, environ: Mapping[str, str]) -> list[RunDir]:
    """Every run of ours that has this file as a source, the newest first."""
    return [run_dir for run_dir, run in known(environ, log) if any(_same(source, log) for source in run.info.sources)]


def is_run(folder: Path) -> bool:
    """Whether a folder holds a run. Raises NotReadableError for a folder that we may not enter."""
    try:
        return RunDir(folder).run.is_file()
    except PermissionError as error:
        raise NotReadableError(
            f"{folder}: {error.strerror}; a run directory is for its user alone, unless it was started with --share"
        ) from error


def ended(run_dir: RunDir) -> bool:
    """Whether the run is over: its shim found no process of the job left, its supervisor said its last word, or its next attempt began."""
    return run_dir.exit.exists() or run_dir.next.exists() or told_all(run_dir)


def told_all(run_dir: RunDir) -> bool:
    """Whether a run's supervisor has said its last word."""
    try:
        state = statefile.load(run_dir)
    except NotReadableError:
        return False
    return state is not None and state.extra.get("final") is True


def _refuse(word: str, environ: Mapping[str, str], near: Path | None) -> None:
    """Raise NotReadableError when the word is, or begins, the id of a run directory that is left out; an id begins with the name."""
    for run_dir, error in refused(environ, near).items():
        if run_dir.path.name.startswith(word):
            raise error


def _choose(word: str, runs: list[tuple[RunDir, RunFile]]) -> RunDir:
    """Of runs with one name, newest first, the one that is meant."""
    alive = [pair for pair in runs if not ended(pair[0])]
    if len(alive) > 1:
        raise _ambiguous(word, alive)
    return (alive or runs)[0][0]


def _ambiguous(word: str, runs: list[tuple[RunDir, RunFile]]) -> UsageError:
    """What to say when several runs fit."""
    ids = "\n  ".join(run.info.id for _, run in runs)
    return UsageError(f"{word}: fits {len(runs)} runs; name one:\n  {ids}")


def _directories(environ: Mapping[str, str], near: Path | None) -> list[RunDir]:
    """Every run directory that is pointed to, in $TRAINWATCH_HOME or beside `near`."""
    beside = near / "x" if near is not None and near.is_dir() else near
    folders = {run_dir.path for run_dir in index.directories(environ)}
    for parent in places(beside, environ):
        folders |= {child.parent for child in _run_files(parent)}
    return list(map(RunDir, sorted(folders)))


def _run_files(parent: Path) -> Iterable[Path]:
    """The run.json of every run directory in a folder."""
    try:
        return list(parent.glob("*/run.json"))
    except OSError:
        return ()


def _load(run_dir: RunDir) -> RunFile | NotReadableError:
    """The run file; the error for a directory that is not ours or is damaged: a list of runs goes on without it."""
    try:
        return runfile.load(run_dir)
    except NotReadableError as error:
        return error


def _started(run: RunFile) -> float:
    """When it started; what is not known counts as long ago."""
    return -math.inf if math.isnan(run.info.started_at) else run.info.started_at


def _same(source: str, log: Path) -> bool:
    """Whether two names are one file."""
    try:
        return log.samefile(source)
    except OSError:
        return os.path.abspath(source) == os.path.abspath(log)  # noqa: PTH100  symlinks must stay: the target may be gone
