"""One run seen from outside, without a thread and without a clock: poll it, then ask for a snapshot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from trainwatch.engine.engine import Engine
from trainwatch.model.facts import FactValue
from trainwatch.model.inputs import Tick
from trainwatch.model.snapshot import RunInfo, Snapshot
from trainwatch.replay import standing
from trainwatch.replay.logs import PATIENCE, LogInputs, Look, Written
from trainwatch.replay.recorded import ORPHANED, RunInputs
from trainwatch.replay.run import collector_paused
from trainwatch.replay.target import Target
from trainwatch.rules import preset as presets
from trainwatch.rules.preset import Preset
from trainwatch.sources.stdin import Pipe
from trainwatch.sources.tail import sampled
from trainwatch.store import runfile
from trainwatch.store.runfile import RunFile


@dataclass(frozen=True, slots=True)
class Reading:
    """How a log is read and judged. A run directory brings its own."""

    preset: str = "default"
    stated: Mapping[str, FactValue] | None = None
    formats: Sequence[str] | None = None


class Watch:
    """A target with the engine that folds it.

    `written` says whether a process of this machine writes one of these files; `look` samples devices, None leaves them alone.
    `patience` is how long a log that nobody writes may still grow, in seconds; `restart` how long a run may be without a supervisor before
    its logs are read without one.
    Raises NotFoundError, NotReadableError or DataFileError when run, log or preset cannot be read.
    """

    def __init__(
        self,
        target: Target,
        *,
        now: float,
        reading: Reading,
        written: Written,
        look: Look | None = None,
        patience: float = PATIENCE,
        restart: float = ORPHANED,
    ) -> None:
        self.target = target
        self._written, self._look, self._patience, self._restart = written, look, patience, restart
        self.run_file = _run_file(target, reading)
        self.preset: Preset = presets.load(self.run_file.preset)
        self.leaving = False
        """Set from another thread to end a long look early."""
        self._state_written = 0
        self._begin(now)

    def _begin(self, now: float) -> None:
        """An empty fold and inputs from their beginning."""
        self.engine = self._engine()
        if self.target.run_dir is not None:
            self.inputs: RunInputs | LogInputs = RunInputs(
                self.target.run_dir, self.run_file, now=now, written=self._written, look=self._look, patience=self._restart
            )
        else:
            pipe = Pipe(self.target.pipe) if self.target.pipe is not None else None
            self.inputs = LogInputs(
                self.target.logs,
                now=now,
                written=self._written,
                look=self._look,
                pipe=pipe,
                parts=self.run_file.info.parts,
                patience=self._patience,
            )

    def _engine(self) -> Engine:
        """A fold that knows nothing yet."""
        run = self.run_file
        return Engine(self.preset, run.info, stated=run.stated, formats=run.formats)

    @property
    def ended(self) -> bool:
        """Whether nothing more will come."""
        return self.inputs.ended

    def preview(self, now: float) -> Snapshot | None:
        """A first picture from samples of large logs; None when all of them are small enough to be read at once."""
        engine, found = self._engine(), False
        attempts = {part.source: part.attempt for part in self.run_file.info.parts}
        for source in attempts or self.run_file.info.sources:
            for chunk in sampled(Path(source)) if Path(source).is_file() else ():
                engine.feed(replace(chunk, attempt=attempts.get(source, 1)))
                found = True
        return replace(engine.snapshot(), preview=True, now=now) if found else None

    def poll(self, now: float) -> bool:
        """Fold what came; whether anything but time did."""
        came = self._state_changed()
        with collector_paused():
            for item in self.inputs.poll(now):
                self.engine.feed(item)
                came = came or not isinstance(item, Tick)
                if self.leaving:
                    return came
        if isinstance(self.inputs, RunInputs) and self.inputs.stale:
            self.inputs.close()
            self._begin(now)
            return self.poll(now)
        return came

    def _state_changed(self) -> bool:
        """Whether the supervisor has written its state since the last look."""
        if self.target.run_dir is None:
            return False
        try:
            written = self.target.run_dir.state.stat().st_mtime_ns
        except OSError:
            written = 0
        before, self._state_written = self._state_written, written
        return before != written

    def snapshot(self, now: float) -> Snapshot:
        """The run as it stands."""
        if isinstance(self.inputs, LogInputs):
            snapshot = standing.of_log(self.engine.snapshot(), ended=self.ended, quiet=self.inputs.quiet_for(now))
        else:
            snapshot = self._supervised(self.inputs, now)
        return replace(snapshot, now=now, caveats=(*snapshot.caveats, *self.inputs.problems))

    def _supervised(self, inputs: RunInputs, now: float) -> Snapshot:
        """The run as its directory completes it."""
        if self.target.run_dir is None:
            return self.engine.snapshot()
        seen = standing.read(self.target.run_dir, inputs.supervisor, self.run_file.info.host)
        code = seen.exit_code if seen.over or self.ended else None
        return standing.settle(self.engine.snapshot(exit_code=code), seen, ended=self.ended, orphaned=inputs.orphaned(now))

    def close(self) -> None:
        """Let go of every file."""
        self.inputs.close()


def _run_file(target: Target, reading: Reading) -> RunFile:
    """The run file of a run, or what stands for it when a log is only watched."""
    if target.run_dir is not None:
        return runfile.load(target.run_dir)
    sources = tuple(str(path) for path in target.logs) or ("-",)
    formats = None if reading.formats is None else tuple(reading.formats)
    info = RunInfo(sources[0], target.name, sources, parts=target.parts)
    return RunFile(info, reading.preset, formats, reading.stated or {})
