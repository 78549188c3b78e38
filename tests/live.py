"""Real runs for tests: a fake trainer under the real shim and supervisor, and nothing left behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from trainwatch.store.lock import holder, start_ticks
from trainwatch.store.rundir import RunDir

TRAINER = Path(__file__).parent / "supervise" / "trainer.py"
WAIT = 120.0
"""Seconds within which whatever is waited for has happened, on a machine that is busy with other things."""


@dataclass(frozen=True)
class Live:
    """A folder in which commands are run, with a state directory of its own. `given` is added to their environment."""

    cwd: Path
    given: Mapping[str, str] = field(default_factory=dict)

    @property
    def environ(self) -> dict[str, str]:
        """Ours without a trace of any other run."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("TRAINWATCH", "SLURM", "PYTHON")) or k == "SLURM_CONF"}
        return {**kept, "XDG_STATE_HOME": str(self.cwd / "state"), "TERM": "dumb", **self.given}

    def command(self, *words: str) -> list[str]:
        """A command line of ours."""
        return [sys.executable, "-P", "-m", "trainwatch", *words]

    def run(self, *words: str, timeout: float = WAIT) -> subprocess.CompletedProcess[str]:
        """Run a command of ours to its end."""
        return subprocess.run(
            self.command(*words),
            check=False,
            cwd=self.cwd,
            env=self.environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
        )

    def start(self, *words: str) -> subprocess.Popen[str]:
        """Start a command of ours."""
        return subprocess.Popen(
            self.command(*words),
            cwd=self.cwd,
            env=self.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def launch(self, options: str = "", trainer: str = "") -> Run:
        """Launch the fake trainer, detached."""
        done = self.run("launch", "--detach", *options.split(), "--", sys.executable, str(TRAINER), *trainer.split())
        assert done.returncode == 0, done.stderr
        return Run(self, RunDir(self.cwd / ".trainwatch" / done.stdout.strip()))

    def runs(self) -> list[RunDir]:
        """Every run directory made here."""
        return [RunDir(path.parent) for path in (self.cwd / ".trainwatch").glob("*/run.json")]


@dataclass(frozen=True)
class Run:
    """One run."""

    live: Live
    dir: RunDir

    @property
    def id(self) -> str:
        """The run's id."""
        return self.dir.path.name

    def read(self, path: Path) -> dict[str, Any]:
        """A small file; empty when it is not there."""
        try:
            return dict(json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError):
            return {}

    def state(self) -> dict[str, Any]:
        """state.json."""
        return self.read(self.dir.state)

    def machine(self) -> str:
        """The state of the stop machine."""
        return str(self.state().get("machine", {}).get("state"))

    def journal(self, event: str) -> list[dict[str, Any]]:
        """The entries of one kind."""
        return [entry for entry in self.entries() if entry["event"] == event]

    def entries(self) -> list[dict[str, Any]]:
        """The whole journal."""
        return list(map(json.loads, self.dir.journal.read_text(encoding="utf-8").splitlines())) if self.dir.journal.exists() else []

    def saves(self) -> list[str]:
        """Checkpoints that the trainer made because it was asked to."""
        path = self.dir.control / "saves.txt"
        return path.read_text(encoding="utf-8").splitlines() if path.exists() else []

    def log(self) -> Path:
        """The job's output."""
        return Path(self.read(self.dir.run)["sources"][0])

    def supervisor(self) -> int:
        """The pid of the supervisor, once there is one."""
        wait_for(lambda: (who := holder(self.dir.lock)) is not None and who.alive() is True, "a supervisor")
        who = holder(self.dir.lock)
        assert who is not None
        return who.pid

    def launcher(self) -> int:
        """The pid of the command."""
        wait_for(lambda: bool(self.read(self.dir.job)), "job.json")
        return int(self.read(self.dir.job)["launcher"]["pid"])

    def shim(self) -> int:
        """The pid of the job's parent."""
        wait_for(lambda: bool(self.read(self.dir.job)), "job.json")
        return int(self.read(self.dir.job)["shim"]["pid"])

    def let(self, name: str) -> None:
        """Make the file that a trainer with `--go` or `--until` waits for."""
        (self.live.cwd / name).touch()

    def training(self) -> bool:
        """Whether the job lives and its log grows."""
        before = self.log().stat().st_size
        return start_ticks(self.launcher()) != 0 and wait_for(lambda: self.log().stat().st_size > before, "output")

    def wait(self, *words: str) -> int:
        """The exit code of the run."""
        return self.live.run("wait", self.id, *words).returncode


def listening(front: subprocess.Popen[str]) -> None:
    """Until `launch` in front heeds signals: it does so before it prints what happens."""
    assert front.stdout is not None
    assert front.stdout.readline()


def wait_for(condition: Callable[[], object], what: str, timeout: float = WAIT) -> bool:
    """Look until it holds."""
    until = time.monotonic() + timeout
    while time.monotonic() < until:
        if condition():
            return True
        time.sleep(0.02)
    raise AssertionError(f"no {what} within {timeout} s")


@contextmanager
def living(folder: Path, given: Mapping[str, str] | None = None) -> Iterator[Live]:
    """A place for runs, whose processes are all gone afterwards."""
    live = Live(folder, given or {})
    try:
        yield live
    finally:
        for run_dir in live.runs():
            _end(Run(live, run_dir))


def _end(run: Run) -> None:
    """Kill what a run recorded, by pid and start time: first who would start it again; then what has not recorded anything yet."""
    with suppress(AssertionError):
        wait_for(lambda: run.dir.job.exists() or not _ours(run), "job.json", 10)
    job = run.read(run.dir.job)
    who = holder(run.dir.lock)
    marks = [job.get("shim"), {"pid": who.pid, "ticks": who.ticks} if who else None, job.get("launcher")]
    marks += [run.read(path) for path in run.dir.ranks.glob("*.json")]
    for mark in marks:
        if mark and mark.get("ticks") and start_ticks(int(mark["pid"])) == mark["ticks"]:
            with suppress(ProcessLookupError):
                os.kill(int(mark["pid"]), signal.SIGKILL)
    for process in _ours(run):
        with suppress(psutil.NoSuchProcess):
            process.kill()


def _ours(run: Run) -> list[psutil.Process]:
    """Shim and supervisor of a run: its directory stands in their command lines."""
    return [process for process in psutil.process_iter(["cmdline"]) if str(run.dir.path) in (process.info["cmdline"] or ())]
