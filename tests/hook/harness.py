"""A run directory as `launch` makes it, and a job that runs in it under the hook."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from trainwatch.hook.install import environment, install
from trainwatch.store.rundir import RunDir

JOBS = Path(__file__).parent / "jobs"
EXAMPLES = Path(__file__).parents[2] / "examples"
RUN = "run-1"


@dataclass
class Bench:
    """One job at a time. `given` is added to its environment."""

    place: Path
    given: dict[str, str] = field(default_factory=dict)
    hooked: bool = True

    def __post_init__(self) -> None:
        self.dir = RunDir(self.place / "run")
        self.out = self.place / "out"
        self.out.mkdir(exist_ok=True)
        for path in self.dir.folders():
            path.mkdir(mode=0o700, exist_ok=True)
        install(self.dir.hook)
        self.put(self.dir.run, run=RUN)
        self.log = self.place / "job.log"

    def put(self, path: Path, **value: Any) -> None:
        """A file of ours in the run directory, as the supervisor writes it."""
        tmp = path.with_suffix(".tmp")
        tmp.write_text(json.dumps({"v": 1, **value}))
        tmp.replace(path)

    def ask(self, request: str, op: str = "save", **more: Any) -> None:
        """Leave a request."""
        self.put(self.dir.request, run=RUN, id=request, op=op, **more)

    def read(self, path: Path) -> dict[str, Any]:
        """A file of the hook's; empty before it is there."""
        return json.loads(path.read_text()) if path.exists() else {}

    def ack(self, request: str) -> dict[str, Any]:
        """The answer to a request."""
        return self.read(self.dir.ack(request))

    def rank(self, number: int = 0) -> dict[str, Any]:
        """What a rank says of itself."""
        return self.read(self.dir.ranks / f"rank{number}.json")

    def text(self) -> str:
        """What the job printed."""
        return self.log.read_text()

    @contextmanager
    def job(self, *command: str) -> Iterator[subprocess.Popen[bytes]]:
        """A job in the background; whatever of it is left at the end is killed, by pid."""
        ours = ("RANK", "WORLD_SIZE", "LOCAL_RANK", "PYTHONPATH", "PYTHONUNBUFFERED", "TRAINWATCH_RUN_DIR")
        clean = {name: value for name, value in os.environ.items() if name not in ours}
        environ = {**clean, "OUT": str(self.out), "OMP_NUM_THREADS": "1", **self.given}
        environ = environment(self.dir.hook, environ) if self.hooked else environ
        with self.log.open("wb") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log, env=environ, start_new_session=True, cwd=self.place)
        try:
            yield process
        finally:
            self.end(process)

    def ends(self, process: subprocess.Popen[bytes], code: int = 0) -> None:
        """Wait until the job ends by itself, with that code; what it printed is shown when it does not.

        Without the hook a rank on the CPU may abort in the destructors of gloo after its last line: that is no doing of ours. With
        the hook, which makes gloo groups of its own, an abort is a failure.
        """
        try:
            found = process.wait(120)
        except subprocess.TimeoutExpired:
            found = None
        aborted = not self.hooked and code == 0 and found == 1 and "terminate called without an active exception" in self.text()
        assert found == code or aborted, f"ended with {found}:\n{self.text()[-4000:]}"

    def finish(self, process: subprocess.Popen[bytes]) -> None:
        """Let a loop without a number of steps come to its end."""
        (self.place / "end").touch()
        self.ends(process)

    def end(self, process: subprocess.Popen[bytes]) -> None:
        """Kill the job with all its children, which we saw start."""
        try:
            family = [*psutil.Process(process.pid).children(recursive=True), psutil.Process(process.pid)]
        except psutil.NoSuchProcess:
            family = []
        for member in family:
            try:
                member.send_signal(signal.SIGKILL)
            except psutil.NoSuchProcess:
                continue
        process.wait(30)

    def single(self, steps: int = 0, pace: float = 0.01, script: str = "single.py") -> tuple[str, ...]:
        """The loop in one process; 0 steps: until `finish`."""
        return sys.executable, str(JOBS / script), str(steps), str(pace)

    def ranks(self, steps: int = 0, pace: float = 0.01) -> tuple[str, ...]:
        """The loop on two ranks; 0 steps: until `finish`."""
        return self.torchrun(str(JOBS / "ranks.py"), str(steps), str(pace))

    def torchrun(self, *script: str) -> tuple[str, ...]:
        """Two ranks; `--standalone` takes a port that is free."""
        return sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2", *script


def until(condition: Callable[[], Any], seconds: float = 60.0) -> Any:
    """Wait for something; its value. Fails when it does not come."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.01)
    raise AssertionError(f"did not happen within {seconds} s")
