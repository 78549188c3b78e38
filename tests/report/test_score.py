from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.report.conftest import Overfit, evaluation, event

from trainwatch.model.snapshot import Best, Snapshot
from trainwatch.report.score import score, total


def history(values: list[float], stop_at: int | None, direction: str = "min") -> Snapshot:
    """A run with these evaluations that would have been stopped at one of them."""
    parts = Overfit()
    parts.more["evaluations"] = tuple(evaluation(i, v) for i, v in enumerate(values))
    parts.more["best"] = Best("eval_loss", direction, (min if direction == "min" else max)(values), 1, 1.0)
    parts.more["events"] = () if stop_at is None else (replace(event(10 * (stop_at + 1), "RED", "stop"), eval_index=stop_at),)
    return parts.snapshot()


def test_a_stop_after_the_best_loses_nothing():
    """Optimal, no regret, the delay in evaluations, and what was not computed."""
    found = score(history([1.0, 0.5, 0.6, 0.7, 0.8, 0.9], 3))
    assert (found.optimal, found.regret, found.delay, found.false_stop) == (True, 0.0, 2, False)
    assert found.saved == pytest.approx(2 / 6)
    assert (found.saved_steps, found.saved_gpu_hours) == (160, pytest.approx(93.43 * 0.8, abs=0.1))


def test_a_stop_before_the_best_is_false_when_it_matters():
    """More than 1 % lost is a false stop; less is not."""
    assert score(history([1.0, 1.1, 0.5], 1)).false_stop is True
    assert score(history([1.0, 1.1, 0.995], 1)).false_stop is False


def test_the_direction_counts():
    """Where higher is better the same figures mean the opposite."""
    assert score(history([1.0, 1.1, 0.5], 2, "max")).regret == 0.0
    assert score(history([0.5, 0.4, 1.0], 1, "max")).regret == pytest.approx(0.5)


@given(st.lists(st.floats(0.01, 10.0), min_size=1, max_size=30), st.data())
def test_regret_and_saving_are_shares(values: list[float], data: st.DataObject):
    """Never negative, never more than was there to save; without a stop nothing is saved and nothing lost."""
    stop = data.draw(st.none() | st.integers(0, len(values) - 1))
    found = score(history(values, stop))
    assert found.regret is not None
    assert found.saved is not None
    assert found.regret >= 0
    assert 0 <= found.saved < 1
    if stop is None:
        assert (found.regret, found.saved, found.false_stop) == (0.0, 0.0, False)


def test_histories_without_evaluations_are_counted_and_not_judged():
    """They are files, and no part of a rate."""
    found = total([score(history([1.0, 0.5, 0.6], 2)), score(Overfit(more={"evaluations": (), "events": (), "best": None}).snapshot())])
    assert (found.files, found.judged, found.stopped, found.optimal) == (2, 1, 1, 1.0)


def test_nothing_at_all():
    """No file has no mean."""
    found = total([])
    assert (found.optimal, found.regret, found.delay, found.saved_gpu_hours) == (None, None, None, None)
