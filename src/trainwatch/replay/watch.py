"""One run seen from outside, without a thread and without a clock: poll it, then ask for a snapshot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from trainwatch.engine.bulk import collector_paused
from trainwatch.engine.engine import Engine
from trainwatch.model.facts import Given
from trainwatch.model.inputs import Input, Tick
from trainwatch.model.snapshot import RunInfo, Snapshot
from trainwatch.replay import standing
from trainwatch.replay.kept import Keeper
from trainwatch.replay.kept_run import RunKeeper
from trainwatch.replay.logs import PATIENCE, LogInputs, Look, Written, is_history
from trainwatch.replay.recorded import ORPHANED, RunInputs
from trainwatch.replay.target import Target
from trainwatch.replay.worker import Worker
from trainwatch.rules import preset as presets
from trainwatch.rules.preset import Preset
from trainwatch.sources.readable import is_packed, length
from trainwatch.sources.stdin import Pipe
from trainwatch.sources.tail import sampled
from trainwatch.store import runfile
from trainwatch.store.runfile import RunFile

AGAIN = 5.0
"""Seconds between looks for new logs in the folders that are watched."""

LONG = 16 << 20
"""Bytes of history from which on a process of its own reads them: fewer are read before it would have begun."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How a log is read and judged. A run directory brings its own; the rules of a preset `beside` are judged with them."""

    preset: str = "default"
    stated: Mapping[str, Given] | None = None
    formats: Sequence[str] | None = None
    beside: str = ""


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
        own = presets.load(self.run_file.preset)
        self.preset: Preset = presets.widened(own, presets.load(reading.beside)) if reading.beside else own
        self.leaving = False
        """Set from another thread to end a long look early."""
        self.hires = False
        """Set where a long history is to be read by a process of its own, while what comes meanwhile is shown as a preview."""
        self._worker: Worker | None = None
        self._glance: Engine | None = None
        self._state_written = 0
        self._begin(now)

    def _begin(self, now: float) -> None:
        """An empty fold and inputs from their beginning."""
        self.engine = self._engine()
        self._keeper = Keeper(self.target.logs, in_turn=False) if self.target.logs else None
        self._run_keeper = RunKeeper(self.target.run_dir) if self.target.run_dir is not None else None
        self._is_begun = False
        self._looked = now
        if self.target.run_dir is not None:
            self.inputs: RunInputs | LogInputs = RunInputs(
                self.target.run_dir, self.run_file, now=now, written=self._written, look=self._look, patience=self._restart
            )
        else:
            self.inputs = self._logs(now, {})

    def _logs(self, now: float, starts: Mapping[str, tuple[int, int]]) -> LogInputs:
        """The logs or the pipe, the logs from where they were left."""
        return LogInputs(
            self.target.logs,
            now=now,
            written=self._written,
            look=self._look,
            pipe=Pipe(self.target.pipe) if self.target.pipe is not None else None,
            starts=starts,
            parts=self.run_file.info.parts,
            patience=self._patience,
        )

    def _engine(self, preset: Preset | None = None) -> Engine:
        """A fold that knows nothing yet, with the rules of the run, or others."""
        run = self.run_file
        return Engine(preset or self.preset, run.info, stated=run.stated, formats=run.formats)

    @property
    def ended(self) -> bool:
        """Whether nothing more will come."""
        return self.inputs.ended and self._worker is None

    def preview(self, now: float) -> Snapshot | None:
        """A first picture from samples of large logs, which no rule judges; None when all of them are small enough to be read at once."""
        engine, found = self._engine(replace(self.preset, rules=())), False
        attempts = {part.source: part.attempt for part in self.run_file.info.parts}
        with collector_paused():
            for source in attempts or self.run_file.info.sources:
                for chunk in sampled(Path(source)) if Path(source).is_file() else ():
                    engine.feed(replace(chunk, attempt=attempts.get(source, 1)))
                    found = True
        self._glance = engine if found else None
        return replace(engine.snapshot(), preview=True, now=now) if found else None

    def poll(self, now: float) -> bool:
        """Fold what came; whether anything but time did."""
        came = self._state_changed()
        if not self._is_begun:
            self._is_begun = True
            self._take_up(now)
        if self._worker is not None:
            came = self._worker.poll() or came
            self._relieve(now)
        if self._worker is not None and isinstance(self.inputs, RunInputs):
            return came
        self._look_again(now)
        with collector_paused():
            for item in self.inputs.poll(now):
                self._keep(item)
                self.engine.feed(item)
                came = came or not isinstance(item, Tick)
                if self.leaving:
                    return came
            self._keep(None)
        if isinstance(self.inputs, RunInputs) and self.inputs.stale:
            self.inputs.close()
            self._begin(now)
            return self.poll(now)
        return came

    def _look_again(self, now: float) -> None:
        """Take in logs that came to lie in the folders that are watched: another rank's, or the next attempt's."""
        if not isinstance(self.inputs, LogInputs) or not self.target.words or self._worker is not None or 0 <= now - self._looked < AGAIN:
            return
        self._looked = now
        target = self.target.grown()
        if target is self.target:
            return
        self.target, self._keeper = target, None
        info = replace(self.run_file.info, sources=tuple(map(str, target.logs)), parts=target.parts)
        self.run_file = replace(self.run_file, info=info)
        self.engine.join(info)
        self.inputs.join(info.parts, now)

    def _take_up(self, now: float) -> None:
        """Go on from what was kept of the logs; what is left of them, when it is much, is read elsewhere."""
        if self._run_keeper is not None and isinstance(self.inputs, RunInputs):
            taken = self._run_keeper.take_up(self.engine, self.inputs.recorded)
            if not taken and self.hires and self._glance is not None and sum(map(length, self.run_file.info.sources)) > LONG:
                self._worker, self._run_keeper = Worker(self.run_file, self.target.run_dir), None
                self.engine, self._glance = self._glance, None
        if self._keeper is None:
            return
        starts = self._keeper.take_up(self.engine)
        if starts:
            self._go_on(self.engine, starts, now)
        left = sum(map(length, self.target.logs)) - sum(offset for _, offset in starts.values())
        if self.hires and left > LONG and not any(map(is_packed, self.target.logs)) and self._glance is not None:
            self._worker, self._keeper = Worker(self.run_file), None
            self._go_on(self._glance, self._glance.ends, now)

    def _relieve(self, now: float) -> None:
        """Take over from the worker when it has ended; when it failed, read all here."""
        if self._worker is None or not self._worker.ended:
            return
        engine = self._engine()
        if isinstance(self.inputs, RunInputs):
            self.engine = engine if self._worker.take_up(engine, self.inputs.recorded) else self._engine()
        elif self._worker.take_up(engine):
            self._go_on(engine, engine.ends, now)
        else:
            self._go_on(self._engine(), {}, now)
        self._worker.close()
        self._worker = None

    def _go_on(self, engine: Engine, starts: Mapping[str, tuple[int, int]], now: float) -> None:
        """Fold with this engine from here on."""
        self.inputs.close()
        self.engine, self.inputs, self._glance = engine, self._logs(now, starts), None

    def _keep(self, item: Input | None) -> None:
        """Keep the fold of what nobody saw arrive, before the first input of another kind; of a run what was written down, at its end."""
        if self._keeper is not None and item is not None and not is_history(item):
            self._keeper.set_aside(self.engine)
            self._keeper = None
        if self._run_keeper is not None and isinstance(self.inputs, RunInputs) and (item is None or self.inputs.is_alone):
            self._run_keeper.set_aside(self.engine, self.inputs.recorded)
            self._run_keeper = None

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
        if self._worker is not None:
            snapshot = replace(snapshot, preview=True, history_read=self._worker.read)
        return replace(snapshot, now=now, caveats=(*snapshot.caveats, *self.inputs.problems))

    def _supervised(self, inputs: RunInputs, now: float) -> Snapshot:
        """The run as its directory completes it."""
        if self.target.run_dir is None:
            return self.engine.snapshot()
        seen = standing.read(self.target.run_dir, inputs.supervisor, self.run_file.info.host)
        code = seen.exit_code if seen.over or self.ended else None
        settled = standing.settle(self.engine.snapshot(exit_code=code), seen, ended=self.ended, orphaned=inputs.orphaned(now))
        return replace(settled, time_left=standing.time_left(seen.state, now))

    def close(self) -> None:
        """Let go of every file, and of who reads them."""
        self.inputs.close()
        if self._worker is not None:
            self._worker.close()


def _run_file(target: Target, reading: Reading) -> RunFile:
    """The run file of a run, or what stands for it when a log is only watched."""
    if target.run_dir is not None:
        return runfile.load(target.run_dir)
    sources = tuple(str(path) for path in target.logs) or ("-",)
    formats = None if reading.formats is None else tuple(reading.formats)
    info = RunInfo(sources[0], target.name, sources, parts=target.parts)
    return RunFile(info, reading.preset, formats, target.given(reading.stated))
