"""Logs and run directories for the tests of this room, and a clock that stands still."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from trainwatch.model.inputs import Input
from trainwatch.model.snapshot import RunInfo
from trainwatch.sources.follow import Follower
from trainwatch.store.arrivals import Arrivals
from trainwatch.store.create import create
from trainwatch.store.files import write_json
from trainwatch.store.lock import Process, this_process
from trainwatch.store.rundir import RunDir
from trainwatch.store.runfile import RunFile

NOW = 1795142412.0


@dataclass
class FakeClock:
    """Time that passes when told to."""

    at: float = NOW

    def now(self) -> float:
        """Unix seconds."""
        return self.at

    def monotonic(self) -> float:
        """The same."""
        return self.at

    def sleep(self, seconds: float) -> None:
        """Passes at once."""
        self.at += seconds


def record(step: int, loss: float = 1.0) -> bytes:
    """One train record, as HF Trainer prints it."""
    return b"{'loss': %.4f, 'grad_norm': 1.0, 'learning_rate': 0.0001, 'epoch': %.2f}\n" % (loss, step / 10)


def evaluation(step: int, value: float) -> bytes:
    """One evaluation."""
    return b"{'eval_loss': %.4f, 'eval_runtime': 1.0, 'epoch': %.2f}\n" % (value, step / 10)


def left_alone(log: Path, seconds: float = 3600.0) -> Path:
    """The log, last written that long before `NOW`."""
    os.utime(log, (NOW - seconds, NOW - seconds))
    return log


class Supervisor:
    """What a supervisor leaves in a run directory, without one."""

    def __init__(self, log: Path, environ: dict[str, str], name: str = "demo") -> None:
        """Hold a new run that writes to `log`."""
        self.log = log
        self.dir: RunDir = create(name, now=NOW, log=log, environ=environ)
        info = RunInfo(self.dir.path.name, name, (str(log),), host=os.uname().nodename, started_at=NOW, may="save")
        RunFile(info).save(self.dir)
        self.follower = Follower(log)
        self.arrivals = Arrivals(self.dir.arrivals)
        self.hold(this_process())

    def hold(self, who: Process) -> None:
        """Be supervised by a process."""
        write_json(self.dir.lock, {"v": 1, **asdict(who)})

    def read(self, now: float) -> list[Input]:
        """Write down what came."""
        seen: list[Input] = []
        while (chunk := self.follower.read(now)) is not None:
            self.arrivals.write(chunk)
            seen.append(chunk)
        return seen

    def die(self) -> None:
        """Be gone without a word."""
        with suppress(FileNotFoundError):
            self.dir.lock.unlink()

    def end(self, now: float) -> None:
        """See the end of the job, write it down, and go."""
        self.read(now)
        self.arrivals.write(self.follower.end(now))
        self.arrivals.close()
        write_json(self.dir.exit, {"v": 1, "launcher": 0})
        self.die()
