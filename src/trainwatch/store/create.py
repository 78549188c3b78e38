"""Make a run directory, and say whether one may be used."""

from __future__ import annotations

import os
import re
import stat
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from trainwatch.model.errors import NotReadableError, NotWrittenError
from trainwatch.store.files import not_written
from trainwatch.store.rundir import RunDir

BESIDE = ".trainwatch"
"""The folder of run directories beside a log."""

NAME_LENGTH = 40

GROUP = 0o050
"""What the group may do in a folder that is shared: list and enter it."""


def new_id(name: str, now: float) -> str:
    """`<name>-<YYYYmmdd-HHMMSS>-<4 hex>`, in local time. `now` in Unix seconds; the name keeps letters, digits, `.`, `_`, `-`."""
    clean = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip(".-")[:NAME_LENGTH] or "run"
    return f"{clean}-{time.strftime('%Y%m%d-%H%M%S', time.localtime(now))}-{os.urandom(2).hex()}"


def create(name: str, *, now: float, log: Path | None, environ: Mapping[str, str], share: bool = False) -> RunDir:
    """Make the run directory of a new run with all its folders, 0700 whatever the umask; with `share` the group may read what is told.

    It lies in $TRAINWATCH_HOME, else in `.trainwatch` beside the log, else in the XDG state directory: the first that can be written
    and is ours alone. A $TRAINWATCH_HOME that is not raises NotReadableError; no place at all raises NotWrittenError.
    """
    run_id = new_id(name, now)
    trouble = NotWrittenError("there is no place for a run directory")
    for parent in places(log, environ):
        try:
            return _make(parent, run_id, share=share)
        except NotReadableError:
            if environ.get("TRAINWATCH_HOME"):
                raise
        except OSError as error:
            trouble = not_written(parent, error)
    raise trouble


def places(log: Path | None, environ: Mapping[str, str]) -> Iterator[Path]:
    """Where run directories may lie, in order of preference."""
    home = environ.get("TRAINWATCH_HOME")
    if home:
        yield Path(home).expanduser().absolute()
        return
    if log is not None:
        yield log.absolute().parent / BESIDE
    yield state_home(environ) / "runs"


def state_home(environ: Mapping[str, str]) -> Path:
    """Our part of the XDG state directory."""
    state = environ.get("XDG_STATE_HOME", "")
    base = Path(state) if state.startswith("/") else Path(environ.get("HOME") or "/tmp") / ".local/state"  # noqa: S108  0700 below
    return base / "trainwatch"


def check_ours(folder: Path) -> None:
    """Refuse, with NotReadableError, a folder that another user owns or may write to, or that is a symlink."""
    try:
        status = folder.lstat()
    except OSError as error:
        raise NotReadableError(f"{folder}: {error.strerror}") from error
    if not stat.S_ISDIR(status.st_mode):
        raise NotReadableError(f"{folder}: is not a directory; symlinks are not followed here")
    if status.st_uid != os.geteuid():
        raise NotReadableError(f"{folder}: belongs to user {status.st_uid}, not to you; a run directory must be your own")
    if status.st_mode & 0o022:
        raise NotReadableError(f"{folder}: others may write to it; a run directory must be yours alone: chmod go-w {folder}")


def check_readable(folder: Path) -> None:
    """Like `check_ours`, but that a run directory of another user will do that was opened by `--share` to a group of ours: to be read."""
    try:
        check_ours(folder)
    except NotReadableError:
        if not _is_shared(folder):
            raise


def is_ours(folder: Path) -> bool:
    """Whether we may write there and act on what it says."""
    try:
        check_ours(folder)
    except NotReadableError:
        return False
    return True


def _is_shared(folder: Path) -> bool:
    """Whether another user lets a group of ours read a folder, and nobody but that user writes to it."""
    try:
        status = folder.lstat()
    except OSError:
        return False
    mode, groups = status.st_mode, {os.getegid(), *os.getgroups()}
    return stat.S_ISDIR(mode) and mode & 0o077 == GROUP and status.st_gid in groups and status.st_uid != os.geteuid()


def _make(parent: Path, run_id: str, *, share: bool) -> RunDir:
    """The run directory below `parent`. Raises OSError, or NotReadableError when `parent` is not ours alone."""
    if not parent.exists():
        parent.parent.mkdir(parents=True, exist_ok=True)
        _folder(parent)
        if parent.name == BESIDE:
            (parent / ".gitignore").write_text("*\n", encoding="ascii")
    check_ours(parent)
    run_dir = RunDir(parent / run_id)
    for folder in run_dir.folders():
        _folder(folder)
    if share:
        for folder in (parent, run_dir.path, run_dir.ranks):
            folder.chmod(0o700 | GROUP)
    return run_dir


def _folder(path: Path) -> None:
    """A new folder with mode 0700. Raises OSError."""
    path.mkdir(mode=0o700)
    path.chmod(0o700)
