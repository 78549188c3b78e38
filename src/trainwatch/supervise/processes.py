"""Processes of this machine, as /proc shows them, and signals that cannot hit a reused pid."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

KEPT = frozenset(
    {"RANK", "WORLD_SIZE", "LOCAL_RANK", "CUDA_VISIBLE_DEVICES", "TORCH_NCCL_DEBUG_INFO_TEMP_FILE", "TRAINWATCH_RUN_DIR", "SLURM_JOB_ID"}
)
"""The variables that are looked at; nothing else of another process's environment is kept."""

PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Proc:
    """One process. `ticks` is its start in clock ticks since boot; `state` the kernel's letter, Z for a zombie."""

    pid: int
    parent: int
    ticks: int
    state: str
    argv: tuple[str, ...] = ()
    environ: Mapping[str, str] = field(default_factory=dict)

    def is_same(self, other: Proc) -> bool:
        """Whether both are one process. A pid can be given away again within a tick (10 ms), so the start alone does not tell."""
        return (self.pid, self.ticks, self.argv, self.environ) == (other.pid, other.ticks, other.argv, other.environ)

    @property
    def title(self) -> str:
        """What a person recognises it by."""
        return " ".join(Path(word).name for word in self.argv[:3]) or f"pid {self.pid}"


def scan() -> dict[int, Proc]:
    """Every living process whose details we may read, by pid."""
    found = (read(int(entry.name)) for entry in os.scandir(PROC) if entry.name.isdigit())
    return {proc.pid: proc for proc in found if proc is not None and proc.state not in "ZX"}


def read(pid: int) -> Proc | None:
    """One process; None when it is gone. What another user hides is empty."""
    try:
        fields = (PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        return Proc(pid, int(fields[1]), int(fields[19]), fields[0], _argv(pid), _environ(pid))
    except (OSError, ValueError, IndexError):
        return None


def _argv(pid: int) -> tuple[str, ...]:
    """The command line; empty for a kernel thread or a zombie."""
    data = (PROC / str(pid) / "cmdline").read_bytes()
    return tuple(word.decode("utf-8", "replace") for word in data.split(b"\0") if word)


def _environ(pid: int) -> dict[str, str]:
    """The variables of `KEPT`, as they were when the process was started."""
    try:
        data = (PROC / str(pid) / "environ").read_bytes()
    except OSError:
        return {}
    pairs = (entry.decode("utf-8", "replace").partition("=") for entry in data.split(b"\0"))
    return {name: value for name, _, value in pairs if name in KEPT}


def owner(pid: int) -> int | None:
    """The user id that a process runs as; None when it is gone. The owner of its folder in /proc does not always tell."""
    try:
        lines = (PROC / str(pid) / "status").read_text(encoding="ascii", errors="replace").splitlines()
        return int(next(line.split()[1] for line in lines if line.startswith("Uid:")))
    except (OSError, ValueError, IndexError, StopIteration):
        return None


def of_others(procs: Iterable[Proc]) -> list[Proc]:
    """Those that run as another user than we do. Only root can signal them, and does so only when asked."""
    return [proc for proc in procs if owner(proc.pid) not in (os.geteuid(), None)]


def untouchable(procs: Iterable[Proc]) -> list[Proc]:
    """Those that the kernel does not let us signal, found out with signal 0, which does nothing."""
    found = []
    for proc in procs:
        handle = Handle.open(proc)
        if handle is not None:
            handle.close()
        elif (now := read(proc.pid)) is not None and proc.is_same(now):
            found.append(proc)
    return found


class Handle:
    """A process that was looked at while its pidfd was already open: the signal reaches this process or nobody."""

    def __init__(self, proc: Proc, descriptor: int) -> None:
        """`descriptor` is a pidfd."""
        self.proc = proc
        self._fd = descriptor

    @classmethod
    def open(cls, proc: Proc) -> Handle | None:
        """The handle; None when the process is gone, is another one by now, or may not be signalled by us."""
        try:
            descriptor = os.pidfd_open(proc.pid)
        except OSError:
            return None
        now = read(proc.pid)
        handle = cls(proc, descriptor)
        if now is None or not proc.is_same(now) or not handle.send(0):
            handle.close()
            return None
        return handle

    def send(self, number: int) -> bool:
        """Send a signal; False when the process is gone or the kernel forbids it."""
        try:
            signal.pidfd_send_signal(self._fd, number)
        except OSError:
            return False
        return True

    def close(self) -> None:
        """Let go of the descriptor."""
        with suppress(OSError):
            os.close(self._fd)


def signal_all(procs: list[Proc], number: int) -> list[Proc]:
    """Send a signal to all, microseconds apart; stopped processes are woken. Returns those that it reached."""
    handles = [handle for proc in procs if (handle := Handle.open(proc)) is not None]
    reached = [handle.proc for handle in handles if handle.send(number)]
    for handle in handles:
        handle.send(signal.SIGCONT)
        handle.close()
    return reached
