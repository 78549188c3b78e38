"""Who supervises a run: one process at a time."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from trainwatch.model.errors import NotReadableError, TrainwatchError
from trainwatch.store.files import not_written, read_json, unique, write_json

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True, slots=True)
class Process:
    """One process for ever: `ticks` is its start in clock ticks since boot, so that a reused pid is somebody else."""

    pid: int
    ticks: int
    host: str
    boot: str

    def __str__(self) -> str:
        """For people."""
        return f"process {self.pid} on {self.host}"

    @property
    def here(self) -> bool:
        """Whether it was started on this machine."""
        return self.host == os.uname().nodename

    def alive(self) -> bool | None:
        """Whether it still runs; None when it belongs to another machine, which cannot be told from here."""
        if not self.here:
            return None
        return self.boot == boot_id() and self.ticks == start_ticks(self.pid) != 0


class HeldError(TrainwatchError):
    """Another supervisor holds the run."""

    def __init__(self, holder: Process, path: Path) -> None:
        """`holder` is who; `path` is the lock."""
        self.holder = holder
        hint = "" if holder.here else f"; if it no longer runs there, remove {path}"
        super().__init__(f"{path.parent}: is supervised by {holder}{hint}")


class Lock:
    """The right to act on a run. Only who holds it may signal, and only while `held()` says so."""

    def __init__(self, path: Path) -> None:
        """Takes nothing yet."""
        self.path = path
        self._me = this_process()

    def acquire(self) -> None:
        """Take the lock, from a dead holder too. Raises HeldError, or NotWrittenError."""
        while not self._claim():
            holder = self.holder()
            if holder is not None and holder.alive() is not False:
                raise HeldError(holder, self.path)
            self._bury(holder)

    def held(self) -> bool:
        """Whether the lock is ours on disk, now."""
        return self.holder() == self._me

    def release(self) -> None:
        """Give it back; does nothing when it is not ours."""
        if self.held():
            with suppress(FileNotFoundError):
                self.path.unlink()

    def holder(self) -> Process | None:
        """Who holds it; None when nobody does, or when the file makes no sense."""
        return holder(self.path)

    def _claim(self) -> bool:
        """Make the lock appear with its content, unless it is there. `link` is atomic on NFS too."""
        scratch = self.path.with_name(f".{self.path.name}.{unique()}")
        write_json(scratch, {"v": 1, **asdict(self._me)})
        try:
            os.link(scratch, self.path)
        except FileExistsError:
            return False
        except OSError as error:
            raise not_written(self.path, error) from error
        finally:
            scratch.unlink()
        return True

    def _bury(self, dead: Process | None) -> None:
        """Move a dead holder's lock away; put it back when it is someone else's by now."""
        grave = self.path.with_name(f".{self.path.name}.{unique()}")
        with suppress(FileNotFoundError):
            self.path.rename(grave)
            if holder(grave) != dead:
                with suppress(FileExistsError):
                    os.link(grave, self.path)
            grave.unlink()


def holder(path: Path) -> Process | None:
    """Who the lock file names; None without a file, or when it makes no sense."""
    try:
        value = read_json(path) or {}
        return Process(int(value["pid"]), int(value["ticks"]), str(value["host"]), str(value["boot"]))
    except (NotReadableError, KeyError, TypeError, ValueError):
        return None


def this_process() -> Process:
    """Who we are."""
    return process(os.getpid())


def process(pid: int) -> Process:
    """Who a pid of this machine is now; `ticks` is 0 when nobody is."""
    return Process(pid, start_ticks(pid), os.uname().nodename, boot_id())


def start_ticks(pid: int) -> int:
    """When a process of this machine started, in clock ticks since boot; 0 when it is gone or a zombie."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return 0
    fields = text.rpartition(")")[2].split()
    return 0 if fields[0] in ("Z", "X") else int(fields[19])


def boot_id() -> str:
    """This boot of this machine; empty where the kernel does not tell."""
    try:
        return BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        return ""
