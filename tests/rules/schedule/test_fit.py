from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.seeds import ROWS

from trainwatch.rules.schedule.culprit import described, parameters, scheduler
from trainwatch.rules.schedule.fit import Hints, Result, fit
from trainwatch.rules.schedule.printed import Point, Printed
from trainwatch.rules.schedule.shape import Shape

NOTATIONS: dict[str, Callable[[float], float]] = {
    "shortest": float,
    "four digits": lambda rate: float(f"{rate:.3e}"),
    "eight decimals": lambda rate: round(rate, 8),
}


def points(steps: Sequence[float], rates: Sequence[float], form: str = "hf_trainer") -> list[Point]:
    """Printed rates as the fit gets them."""
    printed = Printed()
    for step, rate in zip(steps, rates, strict=True):
        printed.add(float(step), rate, form)
    return printed.points(len(printed.steps))


def printed(shape: Shape, peak: float, every: int, until: int, notation: str) -> list[Point]:
    """A schedule logged every so many steps, from the first step on."""
    steps = [1, *range(every, until + 1, every)] if every > 1 else list(range(1, until + 1))
    return points(steps, [NOTATIONS[notation](peak * shape.at(step)) for step in steps])


def found(shape: Shape, peak: float, every: int, until: int, notation: str, **known: float) -> Result:
    """The fit of such a log."""
    result = fit(printed(shape, peak, every, until, notation), Hints(**known))
    assert result is not None
    return result


PEAKS = st.sampled_from([2e-4, 5e-5, 1e-3, 3e-4, 1.5e-4, 6e-4])
NOTATION = st.sampled_from(sorted(NOTATIONS))
WARMUPS = st.integers(2, 12).map(lambda n: n * 10)
SMOOTH = st.tuples(st.sampled_from(["constant", "linear", "cosine"]), st.sampled_from(["linear", "log"]), st.sampled_from([0, -1]))


def test_the_overfit_run_was_scheduled_by_deepspeed() -> None:
    """All 22 printed rates equal WarmupDecayLR with 10 logarithmic warm-up steps over 200 steps, to the last printed digit."""
    result = fit(points([row[0] for row in ROWS], [row[4] for row in ROWS]), Hints(200.0, 0.0, 2e-4))

    assert result is not None
    assert result.identified
    assert result.fit.exact
    assert result.fit.max_error < 5e-9
    assert scheduler(result.fit) == "WarmupDecayLR"
    assert parameters(result.fit) == {
        "learning_rate": 2e-4,
        "warmup_steps": 10.0,
        "warmup_type": "log",
        "total_steps": 200.0,
        "offset": -1,
    }
    assert described(result.fit) == "DeepSpeed WarmupDecayLR with 10 logarithmic warm-up steps over 200 steps, peak 0.0002"


def test_three_rows_do_not_tell_a_decay_from_none() -> None:
    """Up to the end of warm-up nothing is identified."""
    result = fit(points([1, 2, 10], [0.0, 6.021e-05, 2e-4]), Hints(200.0, 0.0, 2e-4))

    assert result is None or not result.identified


@settings(max_examples=40, deadline=None)
@given(SMOOTH, WARMUPS, PEAKS, NOTATION)
def test_a_smooth_schedule_with_warm_up_is_identified(form: tuple[str, str, int], warmup: int, peak: float, notation: str) -> None:
    """Family, form and length of the warm-up, total and peak come back from printed rates."""
    family, rise, offset = form
    shape = Shape(family, rise, float(warmup), total=1000.0, offset=offset)
    result = found(shape, peak, 5, 1000, notation, total=1000.0)

    assert (result.fit.shape.family, result.fit.shape.rise) == (family, rise)
    assert result.identified
    assert result.fit.exact
    assert result.fit.shape.warmup == pytest.approx(warmup, abs=1)
    assert result.fit.peak == pytest.approx(peak, rel=1e-3)


@settings(max_examples=20, deadline=None)
@given(st.sampled_from(["linear", "cosine"]), st.integers(200, 5000), PEAKS)
def test_a_decay_without_warm_up_is_identified_without_its_total(family: str, total: int, peak: float) -> None:
    """Two thirds of a run tell where it is to end."""
    shape = Shape(family, total=float(total))
    result = found(shape, peak, max(total // 50, 1), total * 2 // 3, "shortest")

    assert result.fit.shape.family == family
    assert result.identified
    assert result.fit.shape.total == pytest.approx(total, abs=1)


@settings(max_examples=20, deadline=None)
@given(st.sampled_from(["linear", "cosine"]), st.sampled_from([0.1, 0.2, 0.05]), WARMUPS, PEAKS, NOTATION)
def test_a_floor_is_found(family: str, floor: float, warmup: int, peak: float, notation: str) -> None:
    """A decay that ends above zero is told by its minimum."""
    shape = Shape(family, "linear", float(warmup), total=1000.0, floor=floor)
    result = found(shape, peak, 10, 1000, notation, total=1000.0)

    assert result.fit.shape.family == family
    assert result.identified
    assert result.fit.shape.floor == pytest.approx(floor, rel=1e-2)


@settings(max_examples=20, deadline=None)
@given(st.sampled_from([2.0, 3.0, 0.5]), WARMUPS, PEAKS, NOTATION)
def test_a_polynomial_is_identified(power: float, warmup: int, peak: float, notation: str) -> None:
    """By its power."""
    shape = Shape("polynomial", "linear", float(warmup), total=1000.0, power=power)
    result = found(shape, peak, 10, 1000, notation, total=1000.0)

    assert (result.fit.shape.family, result.fit.shape.power) == ("polynomial", power)
    assert result.identified


@settings(max_examples=20, deadline=None)
@given(WARMUPS, PEAKS, NOTATION)
def test_an_inverse_square_root_is_identified(warmup: int, peak: float, notation: str) -> None:
    """Its time scale is the warm-up length."""
    shape = Shape("inverse_sqrt", "linear", float(warmup), timescale=float(warmup))
    result = found(shape, peak, 10, 1000, notation, total=1000.0)

    assert result.fit.shape.family == "inverse_sqrt"
    assert result.identified
    assert result.fit.shape.warmup == pytest.approx(warmup, abs=1)


@settings(max_examples=20, deadline=None)
@given(WARMUPS, st.integers(50, 90), PEAKS, NOTATION)
def test_a_plateau_with_a_decay_is_identified(warmup: int, percent: int, peak: float, notation: str) -> None:
    """Where the decay of a WSD schedule begins is found within a step."""
    shape = Shape("wsd", "linear", float(warmup), total=1000.0, stable=10.0 * percent)
    result = found(shape, peak, 10, 1000, notation, total=1000.0)

    assert result.fit.shape.family == "wsd"
    assert result.identified
    assert result.fit.shape.stable == pytest.approx(10 * percent, abs=1)


@settings(max_examples=20, deadline=None)
@given(st.integers(2, 6), st.sampled_from([0.1, 0.5, 0.3]), PEAKS)
def test_steps_are_identified(levels: int, gamma: float, peak: float) -> None:
    """Even jumps by one factor are `step`, with that factor."""
    every = 600 // levels
    shape = Shape("step", levels=tuple((float(i * every), gamma**i) for i in range(levels)))
    result = found(shape, peak, 10, 600, "shortest", total=600.0)

    assert result.fit.shape.family in ("step", "multistep")
    assert result.identified
    assert parameters(result.fit)["levels"] == levels
    assert parameters(result.fit)["gamma"] == pytest.approx(gamma)


@settings(max_examples=8, deadline=None)
@given(st.sampled_from(["cosine_restarts", "cyclic"]), st.integers(2, 6), PEAKS)
def test_what_recurs_is_identified(family: str, cycles: int, peak: float) -> None:
    """Restarts and triangles by their period."""
    shape = Shape(family, period=1200 / cycles, floor=0.1)
    result = found(shape, peak, 10, 1200, "shortest", total=1200.0)

    assert result.fit.shape.family == family
    assert result.identified
    assert result.fit.shape.period == pytest.approx(1200 / cycles, rel=0.01)


def test_steps_skipped_by_a_loss_scale_shift_the_count() -> None:
    """A straight warm-up that begins two steps late is followed from there."""
    shape = Shape("linear", "linear", 500.0, total=5000.0, offset=-2)
    result = found(shape, 1e-5, 25, 5000, "shortest", total=5000.0)

    assert (result.fit.shape.offset, result.fit.shape.warmup, result.fit.exact) == (-2, 500.0, True)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 5), st.floats(0, 1e6)), max_size=40), st.none() | st.integers(1, 300))
def test_whatever_is_printed_gives_an_answer(rows: list[tuple[int, float]], total: int | None) -> None:
    """No rates make the fit fail, however wild."""
    steps = [sum(gap for gap, _ in rows[: i + 1]) for i in range(len(rows))]
    result = fit(points(steps, [rate for _, rate in rows], "generic"), Hints(float(total) if total else None))

    assert result is None or result.fit.max_error >= 0
