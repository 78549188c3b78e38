"""Where the job's output goes: a file that a person knows, never a pipe of ours."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from trainwatch.model.errors import NotReadableError, NotWrittenError, UsageError


@dataclass(frozen=True, slots=True)
class Output:
    """The job's stdout and stderr, as open descriptors and as logs to follow. `starts` is how long each log was before the job.

    `inherited`: the file is our own stdout, so that what we print stands in it too.
    """

    out: int
    err: int
    starts: dict[str, int]
    inherited: bool

    @property
    def logs(self) -> tuple[str, ...]:
        """The logs, the main one first."""
        return tuple(self.starts)

    def close(self) -> None:
        """Let go of a file that is the job's alone."""
        if not self.inherited:
            os.close(self.out)


def inherited() -> Output | None:
    """Our own stdout, if that is a regular file, as in a batch script; stderr too if it is another one."""
    out, err = _regular(1), _regular(2)
    if out is None:
        return None
    logs = dict.fromkeys([out, *([err] if err is not None else [])])
    return Output(1, 1 if err is None else 2, {log: Path(log).stat().st_size for log in logs}, inherited=True)


def created(path: Path, *, append: bool) -> Output:
    """A new log; one that exists is only continued with `append`. Raises UsageError, NotReadableError or NotWrittenError."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | (0 if append else os.O_EXCL)
    try:
        descriptor = os.open(path, flags, 0o644)
    except FileExistsError as error:
        raise UsageError(f"{path}: exists; write --append to continue it, or --log for another file") from error
    except OSError as error:
        raise NotWrittenError(f"{path}: {error.strerror}; nothing was started") from error
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        os.close(descriptor)
        raise NotReadableError(f"{path}: is not a regular file, so it cannot be followed; nothing was started")
    return Output(descriptor, descriptor, {str(path.resolve()): status.st_size}, inherited=False)


def _regular(descriptor: int) -> str | None:
    """The path of a descriptor that is a regular file with a name; None for anything else."""
    try:
        path = Path(f"/proc/self/fd/{descriptor}").readlink()
        return str(path) if stat.S_ISREG(os.fstat(descriptor).st_mode) and path.exists() else None
    except OSError:
        return None
