"""Train and eval loss are not the same quantity (rule G5)."""

from __future__ import annotations

from dataclasses import dataclass

from trainwatch.model.verdict import Severity
from trainwatch.rules.evidence import of
from trainwatch.rules.gap import mismatch, ratios, steady
from trainwatch.rules.history import History
from trainwatch.rules.kind import Judgement, Kind, Rule, fired, ok, pending
from trainwatch.rules.kind import suppressed as forbidden


@dataclass(frozen=True, slots=True)
class Settings:
    """Nothing can be set: what counts as the same is in `rules/gap.py`, for the rules that it silences too."""


class LossDefinitionMismatch(Rule):
    """Keeps nothing."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def evaluated(self, history: History) -> Judgement:
        """Judge from the first evaluation on."""
        if history.profile:
            return forbidden(f"{history.profile}: the loss says nothing about progress")
        if next(ratios(history), None) is None:
            return pending("no train and eval loss to compare")
        why = mismatch(history) or steady(history)
        if not why:
            return ok("nothing says that train and eval loss are different quantities")
        text = f"{why}. They are probably not the same quantity, so the gap between them says nothing about overfitting"
        return fired(Severity.ORANGE, text, of(history.now), "an evaluation that measures what training minimises")


KIND = Kind(
    name="loss_definition_mismatch",
    summary="train and eval loss are not the same quantity",
    needs="an eval loss and a train loss",
    settings=Settings,
    make=LossDefinitionMismatch,
    ladder={Severity.ORANGE: "notify"},
)
