"""The first losses of a language model against those of guessing (rule G12)."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from trainwatch.model.block import Block
from trainwatch.model.verdict import Evidence, Severity
from trainwatch.rules.evidence import printed
from trainwatch.rules.figures import figure, place
from trainwatch.rules.guard import planned_steps
from trainwatch.rules.history import History
from trainwatch.rules.kind import Judgement, Kind, Rule, blind, fired, ok, suppressed


@dataclass(frozen=True, slots=True)
class Settings:
    """Shares of the loss of guessing, ln of the vocabulary: `first` for the first loss, `trained` for a pretrained model after `after`."""

    first: float = 1.2
    trained: float = 0.55
    after: float = 0.05


class InitialLossSanity(Rule):
    """Keeps whether the first loss was judged."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._looked = False

    def start(self) -> Judgement:
        """Nothing has been seen yet."""
        return blind("the size of the vocabulary (vocab_size)")

    def records(self, block: Block, history: History) -> Iterable[tuple[int, Judgement]]:
        """Judge the first train loss."""
        name = "loss" if block.kind == "train" else "train_loss"
        if self._looked or name not in block.columns:
            return ()
        self._looked = True
        history.plan.move(block, 0)
        size = history.plan.number("vocab_size")
        return [(0, self._judge(printed(block, name, 0), history, self.settings.first))] if size else ()

    def evaluated(self, history: History) -> Judgement | None:
        """Judge a pretrained model once the run is under way."""
        now, total = history.now, planned_steps(history)
        if not history.plan.number("vocab_size"):
            return self.start()
        late = total is None or (now.step is not None and now.step >= self.settings.after * total)
        if not history.plan.pretrained or now.train is None or not late:
            return None
        return self._judge(now.train, history, self.settings.trained)

    def _judge(self, loss: Evidence, history: History, share: float) -> Judgement:
        if history.profile:
            return suppressed(f"{history.profile}: the loss says nothing about progress")
        guessing = math.log(max(history.plan.number("vocab_size") or 2.0, 2.0))
        words = f"train loss {figure(loss.value)}{place(loss.step, loss.epoch)}; guessing would give {figure(guessing)}"
        if not loss.value > share * guessing:
            return ok(words, negated=True)
        what = (
            "worse than guessing"
            if share >= 1
            else "much for a pretrained model: look at the tokenizer, and at a shift between inputs and labels"
        )
        return fired(Severity.YELLOW, f"{words}: {what}", (loss,), f"a train loss below {figure(share * guessing)} would withdraw it")


KIND = Kind(
    name="initial_loss_sanity",
    summary="the first losses of a language model against guessing",
    needs="the size of the vocabulary",
    settings=Settings,
    make=InitialLossSanity,
    ladder={Severity.YELLOW: "notify"},
    lasting=True,
)
