"""The best evaluation so far has no checkpoint on disk (rule G9)."""

from __future__ import annotations

from dataclasses import dataclass

from trainwatch.model.inputs import CheckpointSeen
from trainwatch.model.verdict import Severity
from trainwatch.rules.figures import figure, place
from trainwatch.rules.history import History, Point
from trainwatch.rules.kind import Judgement, Kind, Rule, blind, fired, ok, pending


@dataclass(frozen=True, slots=True)
class Settings:
    """A new best must exceed the one before by `margin` of its value, and by the print resolution, to ask for another save."""

    margin: float = 0.001


class BestUnsaved(Rule):
    """Keeps the steps of complete checkpoints, and the evaluation that is to be on disk."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._watched = False
        self._complete: dict[str, int] = {}
        self._wanted: Point | None = None
        self._due: Point | None = None

    def start(self) -> Judgement:
        """Nothing has been seen yet."""
        return blind("checkpoints to be looked for")

    def went_back(self, *, anew: bool) -> None:
        """A new start has no best yet."""
        if anew:
            self._wanted = self._due = None

    def checkpoint(self, seen: CheckpointSeen, history: History) -> Judgement | None:
        """Note what is on disk, and judge again."""
        self._watched = True
        self._complete.pop(seen.path, None)
        if seen.complete and seen.step is not None:
            self._complete[seen.path] = seen.step
        if self._wanted is None:
            return pending("no evaluation yet")
        return self._saved(history) or (None if self._wanted is self._due else self._found(history, self._wanted))

    def evaluated(self, history: History) -> Judgement:
        """Judge the newest evaluation."""
        now, wanted = history.now, self._wanted
        margin = 0.0 if wanted is None else max(self.settings.margin * abs(wanted.loss), history.resolution.half_unit)
        if wanted is None or now.loss < wanted.loss - margin:
            self._wanted = now
            self._due = now if _save_is_due(history) else None
        else:
            self._due = None
        if not self._watched:
            return self.start()
        if saved := self._saved(history):
            return saved
        if self._due is not None:
            return pending(f"a save is due at step {now.step}")
        return self._found(history, self._wanted or now)

    def _saved(self, history: History) -> Judgement | None:
        """The checkpoint that holds the wanted evaluation: of its step, or of a later one before the next evaluation."""
        wanted = self._wanted
        if wanted is None or wanted.step is None:
            return None
        later = [p.step for p in history.points if p.step is not None and p.step > wanted.step]
        end = min(later, default=None)
        steps = sorted(s for s in self._complete.values() if s >= wanted.step and (end is None or s < end))
        if not steps:
            return None
        of = "" if steps[0] == wanted.step else f", by a checkpoint of step {steps[0]}"
        return ok(f"the best {history.metric} {figure(wanted.evaluation.value)}{place(wanted.step, None)} is on disk{of}", negated=True)

    def _found(self, history: History, wanted: Point) -> Judgement:
        """The sentence, with the next regular save where it is known."""
        best = wanted.evaluation
        every = history.plan.number("save_steps")
        following = (
            f"; the next save is due at step {int((best.step // every + 1) * every)}"
            if every and every >= 1 and best.step is not None
            else ""
        )
        why = f"the best {history.metric} {figure(best.value)}{place(best.step, best.epoch)} is not on disk{following}"
        change = f"a complete checkpoint{place(best.step, best.epoch)} would withdraw it"
        return fired(Severity.ORANGE, why, (best.evidence,), change, subject=str(best.index))


def _save_is_due(history: History) -> bool:
    """Whether the job saves at the step just evaluated: by its own plan, or because its hook has the standing order to."""
    step, epoch, plan = history.now.step, history.now.evaluation.epoch, history.plan
    if plan.text("standing_order"):
        return True
    strategy = (plan.text("save_strategy") or "steps").lower().rpartition(".")[2]
    if strategy == "best":
        return True
    if strategy == "epoch":
        return epoch is not None and epoch == int(epoch)
    every = plan.number("save_steps")
    return strategy == "steps" and every is not None and every >= 1 and step is not None and step % every == 0


KIND = Kind(
    name="best_unsaved",
    summary="the best evaluation so far has no checkpoint on disk",
    needs="evaluations, and checkpoints that are looked for",
    settings=Settings,
    make=BestUnsaved,
    ladder={Severity.ORANGE: "save"},
)
