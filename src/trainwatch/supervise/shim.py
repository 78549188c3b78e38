"""The job's parent: starts it, keeps its exit status, and starts the supervisor again if it dies.

Run by file path (`python -I -S shim.py RUN_DIR`) and standard library only, so that it stays small and nothing of ours can break it.
Its stdout and stderr are those of the job: files, never a pipe. It knows nothing of rules and never decides to end the job.
Writes job.json, launcher_exit.json and, when no descendant is left, exit.json.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress

RETRY = 1.0
"""Seconds between tries to write to a full disk."""

ROOM = 4096
"""Bytes that are kept free for each file of the end."""

RESTARTS = 3
"""How often a supervisor that died is started again."""

PR_SET_CHILD_SUBREAPER = 36
QUIET = (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2)


class Shim:
    """One job and its supervisor, as children."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        with open(os.path.join(folder, "run.json"), encoding="utf-8") as file:  # noqa: PTH118, PTH123  pathlib is dear to import
            self.order = json.load(file)
        self.job: subprocess.Popen[bytes] | None = None
        self.launcher_code: int | None = None
        self.supervisor: subprocess.Popen[bytes] | None = None
        self.restarts = 0
        self.adopted: list[tuple[int, int]] = []
        self.ended = False
        self.unwritten: dict[str, dict[str, object]] = {}

    def run(self, out: int, err: int) -> None:
        """Start both, then wait until nobody is left."""
        signal.signal(signal.SIGTERM, self._pass_on)
        self._reserve()
        self._start_job(out, err)
        os.close(out)
        os.close(err)
        self._start_supervisor()
        self._look_for_end()
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG if self.unwritten else 0)
            except ChildProcessError:
                break
            if pid:
                self._reap(pid, os.waitstatus_to_exitcode(status))
            else:
                time.sleep(RETRY)
                self._write_again()
        self._look_for_end()

    @property
    def status(self) -> int:
        """The launcher's exit code as a shell gives it, for who waits for us and cannot read files."""
        code = self.launcher_code or 0
        return 128 - code if code < 0 else code

    def _start_job(self, out: int, err: int) -> None:
        """Start the command; a command that cannot be started is an exit like any other."""
        try:
            self.job = subprocess.Popen(
                self.order["command"],
                cwd=self.order["cwd"],
                env={**os.environ, **self.order["environment"]},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                start_new_session=True,
            )
        except OSError as error:
            code = 127 if isinstance(error, FileNotFoundError) else 126
            self._launcher_ended(code, error.strerror or str(error))
            return
        self._write("job.json", {"shim": _identity(os.getpid()), "launcher": _identity(self.job.pid)})

    def _start_supervisor(self) -> None:
        """Start the supervisor, in a session of its own. Training goes on without one."""
        with suppress(OSError):
            self.supervisor = subprocess.Popen(self.order["supervisor"], stdin=subprocess.DEVNULL, start_new_session=True)

    def _reap(self, pid: int, code: int) -> None:
        """Note the end of a child."""
        if self.job is not None and pid == self.job.pid and self.launcher_code is None:
            self.job.returncode = code
            self._launcher_ended(code, "")
        elif self.supervisor is not None and pid == self.supervisor.pid:
            self._supervisor_ended(code)
        else:
            self.adopted.append((pid, code))
        self._look_for_end()

    def _launcher_ended(self, code: int, error: str) -> None:
        """Keep the status; negative: the signal that ended it."""
        self.launcher_code = code
        self._write("launcher_exit.json", {"code": code, "error": error})

    def _supervisor_ended(self, code: int) -> None:
        """Start it again, unless it ended by itself or was asked to (both end 0)."""
        if self.supervisor is not None:
            self.supervisor.returncode = code
        self.supervisor = None
        if code != 0 and self.restarts < RESTARTS:
            self.restarts += 1
            self._start_supervisor()

    def _look_for_end(self) -> None:
        """Write exit.json once, when the supervisor is the only child left: orphans of the job are children of ours too."""
        if self.ended or self.launcher_code is None:
            return
        ours = {self.supervisor.pid} if self.supervisor is not None else set()
        if not _children() - ours:
            self.ended = True
            self._write("exit.json", {"launcher": self.launcher_code, "adopted": self.adopted[-64:]})

    def _pass_on(self, number: int, _frame: object) -> None:
        """Hand SIGTERM to the launcher."""
        if self.job is not None and self.launcher_code is None:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(self.job.pid, number)

    def _reserve(self) -> None:
        """Take the room that the files of the end need: by then the disk may be full."""
        for name in ("launcher_exit.json", "exit.json"):
            with suppress(OSError), os.fdopen(self._new(name), "wb") as file:
                file.write(b" " * ROOM)
                file.flush()
                os.fsync(file.fileno())

    def _new(self, name: str) -> int:
        """The file that becomes `name` once it is whole, open at its start; room that it has is kept. The group may read what is shared."""
        path = os.path.join(self.folder, name + ".new")  # noqa: PTH118
        new = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        os.fchmod(new, 0o600 | os.stat(self.folder).st_mode & 0o040)  # noqa: PTH116
        return new

    def _write(self, name: str, fields: dict[str, object]) -> None:
        """One file, whole or absent. What a full disk refuses is written once it can be."""
        path = os.path.join(self.folder, name)  # noqa: PTH118
        value = {"v": 1, **fields, "at": time.time()}  # noqa: TID251  nothing of ours can be imported here
        self.unwritten[name] = fields
        with suppress(OSError):
            with os.fdopen(self._new(name), "w", encoding="utf-8") as file:
                json.dump(value, file)
                file.truncate()
                os.fsync(file.fileno())
            os.replace(path + ".new", path)  # noqa: PTH105
            del self.unwritten[name]

    def _write_again(self) -> None:
        """What could not be written before."""
        for name, fields in list(self.unwritten.items()):
            self._write(name, fields)


def _children() -> set[int]:
    """Pids of our direct children; a dead one counts until its status has been taken."""
    found = set()
    for name in os.listdir("/proc"):  # noqa: PTH208
        if name.isdigit():
            with suppress(OSError, ValueError, IndexError):
                if int(_stat(name)[1]) == os.getpid():
                    found.add(int(name))
    return found


def _identity(pid: int) -> dict[str, int]:
    """A pid with its start in clock ticks since boot; 0 when it is gone already."""
    try:
        return {"pid": pid, "ticks": int(_stat(str(pid))[19])}
    except (OSError, ValueError, IndexError):
        return {"pid": pid, "ticks": 0}


def _stat(pid: str) -> list[str]:
    """The fields of /proc/PID/stat after the name, the state first."""
    with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:  # noqa: PTH123
        return file.read().rpartition(")")[2].split()


def _take_streams(folder: str) -> tuple[int, int]:
    """The job's stdout and stderr; our own words go to supervisor.log from here on, or nowhere."""
    out, err = os.dup(1), os.dup(2)
    path = os.path.join(folder, "supervisor.log")  # noqa: PTH118
    try:
        log = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600)
    except OSError:
        log = os.open(os.devnull, os.O_WRONLY)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.close(log)
    return out, err


def main() -> None:
    """Be the parent of the job of the run directory named on the command line."""
    folder = sys.argv[1]
    with suppress(PermissionError):
        os.setsid()
    for number in QUIET:
        signal.signal(number, lambda *_: None)  # never SIG_IGN, which the job would inherit
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    shim = Shim(folder)
    shim.run(*_take_streams(folder))
    sys.exit(shim.status)


if __name__ == "__main__":
    main()
