"""A long history, read by a process of its own, so that who looks at a screen need not wait for it.

The process is told on its standard input what to read, and how. It says how far it is on its standard output, a number a line, and at last
hands over the fold as a file of columns. It ends as soon as nobody listens.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from trainwatch.engine.bulk import collector_paused
from trainwatch.engine.engine import Engine
from trainwatch.model.facts import Given, restored
from trainwatch.model.inputs import Chunk
from trainwatch.model.part import Part
from trainwatch.model.snapshot import RunInfo
from trainwatch.replay.ahead import ahead_of
from trainwatch.replay.kept import Keeper, packed, unpack
from trainwatch.replay.kept_run import RunKeeper
from trainwatch.replay.logs import LogInputs, is_history
from trainwatch.replay.recorded import RunInputs
from trainwatch.rules import preset as presets
from trainwatch.sources.readable import length
from trainwatch.store import columns, runfile
from trainwatch.store.arrivals import Recorded
from trainwatch.store.rundir import RunDir
from trainwatch.store.runfile import RunFile

TELL = 1 << 18
"""Bytes of log after which the worker says how far it is, and sees whether anybody listens: a hundredth of a second."""

PIPE = 1 << 20
FLOW = 0.2
"""Seconds that the next bytes of the columns may take to come."""

NICE = 5
"""How much the worker steps back behind the job, and behind the screen."""


class Worker:
    """Reads the logs of a run file, or what arrived in a run directory. Nothing here raises; a worker that fails has simply ended without a fold."""

    def __init__(self, run: RunFile, run_dir: RunDir | None = None) -> None:
        """Start to read."""
        place = "" if run_dir is None else str(run_dir.path)
        job = _Job(run.info.sources, run.info.parts, run.preset, run.stated, run.formats, place)
        self._text = bytearray()
        self._size = sum(map(length, run.info.sources))
        self.read = 0.0
        """The share of the history that was read, 0 to 1."""
        self.ended = False
        """Whether nothing more will come; `take_up` then tells what came."""
        self._process: subprocess.Popen[bytes] | None = None
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-m", __name__],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
            self._ask(json.dumps(asdict(job)).encode())
        except OSError:
            self.close()

    def poll(self) -> bool:
        """Whether there is news."""
        process, came = self._process, False
        if process is None or process.stdout is None or self.ended:
            return False
        while not self.ended and self._may_read(process.stdout.fileno()):
            data = os.read(process.stdout.fileno(), PIPE)
            came = True
            self._text += data
            self.ended = not data
            self._listen()
        return came

    def take_up(self, engine: Engine, recorded: Recorded | None = None) -> bool:
        """Give a new engine what was read, and let arrivals be read on behind it; False when the worker has failed, and nothing was given."""
        kept = columns.parse(memoryview(self._text)) if self.ended else None
        if kept is None or not unpack(engine, kept):
            return False
        if recorded is not None:
            recorded.restore(kept.header["recorded"])
        return True

    def close(self) -> None:
        """End the process, wherever it is."""
        self.ended = True
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        for pipe in filter(None, (process.stdin, process.stdout)):
            with suppress(OSError):
                pipe.close()
        process.wait()

    def _ask(self, job: bytes) -> None:
        """Tell the process what to do."""
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.write(job)
            self._process.stdin.close()

    def _may_read(self, fd: int) -> bool:
        """Whether there is something to read; once the columns have begun to come, the rest of them is waited for."""
        poll = select.poll()  # `select` refuses what a view with a thousand logs open gives it
        poll.register(fd, select.POLLIN)
        return bool(poll.poll(FLOW * 1000 if self._text else 0))

    def _listen(self) -> None:
        """Take the numbers before the columns."""
        while self._text[:1].isdigit() and (end := self._text.find(b"\n")) >= 0:
            self.read = min(int(self._text[:end]) / max(self._size, 1), 1.0)
            del self._text[: end + 1]


@dataclass(frozen=True, slots=True)
class _Job:
    """What to read, and how."""

    sources: tuple[str, ...]
    parts: tuple[Part, ...]
    preset: str
    stated: Mapping[str, Given]
    formats: Sequence[str] | None
    run_dir: str = ""

    @classmethod
    def of(cls, text: dict[str, Any]) -> _Job:
        """A job as it came."""
        parts = tuple(Part(**part) for part in text.pop("parts"))
        stated = restored(text.pop("stated"))
        return cls(tuple(text.pop("sources")), parts, stated=stated, **text)

    def engine(self) -> Engine:
        """A fold that knows nothing yet."""
        run = RunInfo(self.sources[0], self.sources[0], self.sources, parts=self.parts)
        return Engine(presets.load(self.preset), run, stated=self.stated, formats=self.formats)


@dataclass
class _Telling:
    """Says how far the worker is."""

    out: BinaryIO
    read: int = 0
    told: int = field(default=0)

    def more(self, size: int) -> None:
        """So many bytes were read. Raises BrokenPipeError when nobody listens."""
        self.read += size
        if self.read - self.told >= TELL:
            self.told = self.read
            self.out.write(b"%d\n" % self.read)
            self.out.flush()


def work(job: _Job, out: BinaryIO) -> None:
    """Read the history of a run, keep it, and hand it over. Raises BrokenPipeError when nobody listens."""
    engine = job.engine()
    with collector_paused():
        header = _arrivals(job, engine, _Telling(out)) if job.run_dir else _logs(job, engine, _Telling(out))
    out.writelines(packed(engine, header) or ())
    out.flush()


def _logs(job: _Job, engine: Engine, telling: _Telling) -> dict[str, object]:
    """Fold what the logs hold."""
    logs = list(map(Path, job.sources))
    keeper = Keeper(logs, in_turn=False)
    starts = keeper.take_up(engine)
    telling.more(sum(offset for _, offset in starts.values()))
    inputs = LogInputs(logs, now=0.0, written=lambda _: True, starts=starts, parts=job.parts)
    with ahead_of(inputs.poll(0.0), engine.readers) as items:
        for item in items:
            if not is_history(item):
                break
            engine.feed(item)
            telling.more(len(item.data))
    inputs.close()
    keeper.set_aside(engine)
    return {}


def _arrivals(job: _Job, engine: Engine, telling: _Telling) -> dict[str, object]:
    """Fold what arrived in a run; the header says how far that was."""
    run_dir = RunDir(Path(job.run_dir))
    keeper, inputs = RunKeeper(run_dir), RunInputs(run_dir, runfile.load(run_dir), now=0.0, written=lambda _: True)
    keeper.take_up(engine, inputs.recorded)
    telling.more(engine.size)
    for item in inputs.recorded.read():
        engine.feed(item)
        telling.more(len(item.data) if isinstance(item, Chunk) else 0)
    inputs.close()
    keeper.set_aside(engine, inputs.recorded)
    return {"recorded": inputs.recorded.state()}


def main() -> None:
    """The process."""
    os.nice(NICE)
    try:
        work(_Job.of(json.load(sys.stdin)), sys.stdout.buffer)
    except BrokenPipeError:
        os._exit(0)


if __name__ == "__main__":
    main()
