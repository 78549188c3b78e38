"""What rules share: what is known up to the best evaluation, and how many came after it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from tests.rules.records import block

from trainwatch.model.facts import Facts
from trainwatch.rules.history import History
from trainwatch.rules.memory import healthy_train
from trainwatch.rules.noise import median

STEPS = st.lists(st.tuples(st.integers(1, 12), st.integers(1, 9)), min_size=1, max_size=30)


@given(STEPS)
def test_what_is_kept_for_the_best_evaluation_is_what_all_points_say(told: list[tuple[int, int]]) -> None:
    """However often a run resumes and finds another best, count and median are those worked out anew from every point."""
    history = History(Facts())
    for number, (step, loss) in enumerate(told):
        values = {"step": float(step), "eval_loss": float(loss), "train_loss": float(loss + number)}
        if not history.evaluate(block("eval", [values], number)):
            continue
        known = [p.train.value for p in history.points[: history.best + 1] if p.train is not None]

        assert sum(p.step > history.top.step for p in history.points[history.best + 1 :]) == history.since
        assert median(known) == healthy_train(history)
