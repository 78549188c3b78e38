"""Exponential decay and one cycle, against torch's own schedulers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.rules.schedule.test_fit import points

from trainwatch.rules.schedule.culprit import described, parameters, scheduler
from trainwatch.rules.schedule.fit import Hints, fit


def torch_rates(make: Callable[[Any, Any], Any], count: int, peak: float) -> list[float]:
    """The rates that a scheduler of torch gives at the steps 0, 1, 2 and so on."""
    import torch

    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=peak)
    schedule = make(torch.optim.lr_scheduler, optimizer)
    rates = []
    for _ in range(count):
        rates.append(float(schedule.get_last_lr()[0]))
        optimizer.step()
        schedule.step()
    return rates


@pytest.mark.parametrize("gamma", [0.999, 0.9995, 0.95])
def test_exponential(gamma: float) -> None:
    """The factor is found to the last printed digit."""
    rates = torch_rates(lambda s, o: s.ExponentialLR(o, gamma), 400, 1e-3)
    steps = range(0, 400, 10)
    result = fit(points([float(s) for s in steps], [rates[s] for s in steps]), Hints())

    assert result is not None
    assert result.identified
    assert result.fit.shape.family == "exponential"
    assert parameters(result.fit)["gamma"] == pytest.approx(gamma, rel=1e-9)
    assert f"an exponential decay by {gamma} a step" in described(result.fit)


@pytest.mark.parametrize(("share", "div"), [(0.3, 25.0), (0.1, 10.0)])
@pytest.mark.parametrize("every", [1, 20])
def test_one_cycle(share: float, div: float, every: int) -> None:
    """Torch's OneCycleLR is named, with the length of its rise and where it began."""
    rates = torch_rates(lambda s, o: s.OneCycleLR(o, max_lr=2e-3, total_steps=1000, pct_start=share, div_factor=div), 1000, 1e-3)
    steps = range(0, 1000, every)
    result = fit(points([float(s) for s in steps], [rates[s] for s in steps]), Hints(total=1000.0))

    assert result is not None
    assert scheduler(result.fit) == "OneCycleLR"
    assert result.identified
    found = parameters(result.fit)
    assert found["warmup_steps"] == pytest.approx(1000 * share - 1, abs=1.5)
    assert found["div_factor"] == pytest.approx(div, rel=0.02)
    assert found["learning_rate"] == pytest.approx(2e-3, rel=1e-3)
    assert described(result.fit).startswith("one cycle (OneCycleLR) with")


def test_a_straight_rise_is_no_cycle() -> None:
    """Linear warm-up and cosine decay are what they were before."""
    rates = torch_rates(lambda s, o: s.LambdaLR(o, lambda i: min(i / 100, 1.0) * (1 - max(i - 100, 0) / 900)), 1000, 1e-3)
    result = fit(points([float(s) for s in range(0, 1000, 10)], rates[::10]), Hints(total=1000.0))

    assert result is not None
    assert (result.fit.shape.family, result.fit.shape.rise) == ("linear", "linear")
