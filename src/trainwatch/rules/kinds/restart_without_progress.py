"""The job starts again and again without a newer checkpoint (rule T8)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from trainwatch.model.block import Block
from trainwatch.model.inputs import CheckpointSeen
from trainwatch.model.verdict import Severity
from trainwatch.rules.figures import ordinal
from trainwatch.rules.history import History
from trainwatch.rules.kind import Judgement, Kind, Rule, fired, ok


@dataclass(frozen=True, slots=True)
class Settings:
    """So many starts in a row without a newer complete checkpoint."""

    restarts: int = 3


class RestartWithoutProgress(Rule):
    """Keeps the attempts, the restarts since the newest checkpoint, and its step."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._attempt = 0
        self._restarts = 0
        self._newest = -1
        self._counted = False

    def start(self) -> Judgement:
        """Nothing has been seen yet."""
        return ok("no restart")

    def went_back(self, *, anew: bool) -> None:
        """Steps go back within an attempt: a restart that the launcher did. A run that begins anew is another run."""
        self._restarts = 0 if anew else self._restarts + 1
        self._newest = -1 if anew else self._newest
        self._counted = True

    def records(self, block: Block, history: History) -> Iterable[tuple[int, Judgement]]:  # noqa: ARG002
        """A new attempt is a restart."""
        went_back, self._counted = self._counted, False
        if block.attempt > self._attempt:
            self._restarts += 1 if self._attempt and not went_back else 0
            self._attempt = block.attempt
        elif not went_back:
            return ()
        return [(0, self._judge())]

    def noticed(self, block: Block, history: History) -> Judgement | None:  # noqa: ARG002
        """The log says that a checkpoint was saved."""
        texts = block.texts[0] if block.texts else {}
        return self._saved(block.step(0)) if texts.get("event") == "checkpoint" else None

    def checkpoint(self, seen: CheckpointSeen, history: History) -> Judgement | None:  # noqa: ARG002
        """A checkpoint was looked at."""
        return self._saved(seen.step) if seen.complete else None

    def _saved(self, step: int | None) -> Judgement | None:
        """A newer checkpoint is progress."""
        if step is None or step <= self._newest:
            return None
        self._newest, self._restarts = step, 0
        return ok(f"a checkpoint of step {step} was saved", negated=True)

    def _judge(self) -> Judgement:
        if self._restarts < self.settings.restarts:
            return ok(f"{self._restarts} restarts since the newest checkpoint")
        newest = f"newer than that of step {self._newest}" if self._newest >= 0 else "at all"
        why = f"{ordinal(self._restarts)} restart without a complete checkpoint {newest}: the run does not get on"
        return fired(Severity.RED, why, (), "a newer complete checkpoint would withdraw it")


KIND = Kind(
    name="restart_without_progress",
    summary="the job starts again and again without a newer checkpoint",
    needs="several attempts, and checkpoints",
    settings=Settings,
    make=RestartWithoutProgress,
    ladder={Severity.RED: "notify"},
    proof="existing",
    lasting=True,
)
