"""Which checkpoints were seen, and which evaluation each holds."""

from __future__ import annotations

import math

from trainwatch.model.inputs import CheckpointSeen
from trainwatch.rules.history import History


class Disk:
    """Checkpoints by path, as last seen."""

    def __init__(self) -> None:
        self._seen: dict[str, CheckpointSeen] = {}

    def see(self, seen: CheckpointSeen) -> None:
        """Keep what the newest look found."""
        self._seen[seen.path] = seen

    def seen(self) -> tuple[CheckpointSeen, ...]:
        """Every checkpoint, as the newest look found it."""
        return tuple(self._seen.values())

    def best(self, history: History) -> tuple[CheckpointSeen, float] | None:
        """The complete checkpoint of the step with the best evaluation; the newest look when there are several."""
        sign = 1.0 if history.direction == "min" else -1.0
        values = {e.step: e.value for e in reversed(history.evaluations) if e.step is not None and math.isfinite(e.value)}
        found = [(c, values[c.step]) for c in self._seen.values() if c.complete and c.step is not None and c.step in values]
        return min(found, key=lambda x: (sign * x[1], -x[0].at), default=None)
