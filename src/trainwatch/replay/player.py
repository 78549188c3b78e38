"""Plays a recorded run as if it happened now, some times faster, through the same fold."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

from trainwatch.engine.engine import Engine
from trainwatch.model.clock import Clock
from trainwatch.model.inputs import Input
from trainwatch.model.snapshot import Command, Snapshot, State, Stop
from trainwatch.present.clean import lines as cleaned
from trainwatch.replay.recording import Recording
from trainwatch.rules import preset as presets

POLL = 0.05
"""Seconds between looks at the clock."""

Tell = Callable[[Snapshot], None]

_STATES: dict[str, State] = {
    "saving": "saving",
    "proving": "saving",
    "holding": "stopping",
    "leaving": "stopping",
    "terminating": "stopping",
    "stopped": "stopped",
}
"""The run's state while the stop machine is in one of its own; all others leave it running."""


class Player:
    """Implements `model.snapshot.Feed` for a recording. `speed` seconds of the run pass in one second."""

    def __init__(self, recording: Recording, *, clock: Clock, speed: float) -> None:
        """Nothing is played before `start` or `step`."""
        self._recording, self._clock, self._speed = recording, clock, speed
        self._engine = Engine(presets.load(recording.preset), recording.info, stated=recording.stated, formats=recording.formats)
        self._stop = Stop()
        self._next = 0
        self._began = clock.monotonic()
        self._tell: list[Tell] = []
        self._closed = threading.Event()
        self._latest = self._snapshot(recording.start)

    @property
    def ended(self) -> bool:
        """Whether everything has been played."""
        return self._next == len(self._recording.moments)

    def start(self) -> None:
        """Play in a thread that never keeps the program from ending."""
        threading.Thread(target=self._run, name="trainwatch-player", daemon=True).start()

    def close(self) -> None:
        """Play no further."""
        self._closed.set()

    def step(self) -> None:
        """Play what is due, and tell of it."""
        now = self._recording.start + (self._clock.monotonic() - self._began) * self._speed
        moments, played = self._recording.moments, self._next
        while not self.ended and moments[self._next][0] <= now:
            self._play(moments[self._next][1])
            self._next += 1
        if self._next > played:
            self._latest = self._snapshot(moments[self._next - 1][0])
            for tell in tuple(self._tell):
                tell(self._latest)

    def _play(self, item: Input | Stop) -> None:
        """One thing that came."""
        if isinstance(item, Stop):
            self._stop = item
        else:
            self._engine.feed(item)

    def _snapshot(self, now: float) -> Snapshot:
        """The run at a moment of the recording."""
        snapshot = self._engine.snapshot()
        state = _STATES.get(self._stop.machine, snapshot.state)
        failure = None if state == "stopped" else snapshot.failure
        return replace(snapshot, now=now, state=state, stop=self._stop, failure=failure, exit_code=self._stop.exit_code)

    def _run(self) -> None:
        """Play to the end."""
        while not self.ended and not self._closed.wait(POLL):
            self.step()

    def latest(self) -> Snapshot:
        """The newest snapshot."""
        return self._latest

    def subscribe(self, tell: Tell) -> Callable[[], None]:
        """Be told of newer snapshots, from the player's thread; returns what ends it."""
        self._tell.append(tell)
        return lambda: self._tell.remove(tell)

    def refusal(self, op: str) -> str:
        """A recording can only be left."""
        return "" if op == "detach" else "this is a recording: there is no job that could be asked"

    def request(self, command: Command) -> str:
        """Say why nothing is done."""
        return self.refusal(command.op) or "left"

    def log(self, end: int | None, lines: int) -> tuple[int, tuple[str, ...]]:
        """(start offset, cleaned lines): the last lines played that end at or before byte `end` (None: now)."""
        played = self._latest.bytes_read
        data = self._recording.log[: played if end is None else min(end, played)]
        start = len(data)
        for _ in range(lines + 1):
            start = data.rfind(b"\n", 0, start)
            if start < 0:
                break
        return start + 1, tuple(cleaned(data[start + 1 :]))
