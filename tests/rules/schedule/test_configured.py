from __future__ import annotations

import pytest

from trainwatch.model.facts import Facts, FactValue
from trainwatch.rules.plan import Plan
from trainwatch.rules.schedule.configured import Configured, configured, look_up
from trainwatch.rules.schedule.printed import Point

LINEAR: dict[str, FactValue] = {"learning_rate": 1e-4, "lr_scheduler_type": "linear", "total_steps": 100}


def plan(point: Point | None = None, epoch: float | None = None, **facts: FactValue) -> Configured | None:
    """What these facts ask for."""
    return configured(look_up(Plan(Facts({**LINEAR, **facts}))), point, epoch)


def known(point: Point | None = None, epoch: float | None = None, **facts: FactValue) -> Configured:
    """The same where it is known to be predictable."""
    found = plan(point, epoch, **facts)
    assert found is not None
    return found


def test_warm_up_is_stated_in_steps_or_as_a_share() -> None:
    """Steps win over the ratio; a ratio is rounded up; nothing stated is not the same as none."""
    assert known(warmup_steps=7, warmup_ratio=0.5).warmup == 7
    assert known(warmup_steps=0, warmup_ratio=0.101).warmup == 11
    assert known(warmup_steps=0).warmup == 0
    assert known().warmup is None
    assert known(warmup_steps=0.2).warmup == 20


@pytest.mark.parametrize("name", ["cosine_with_restarts", "reduce_lr_on_plateau", "polynomial", "my_own"])
def test_a_scheduler_with_further_settings_is_not_predicted(name: str) -> None:
    """Its name does not tell its form."""
    assert plan(lr_scheduler_type=name) is None


@pytest.mark.parametrize("name", ["SchedulerType.CONSTANT", "constant", "CONSTANT"])
def test_names_as_they_are_printed(name: str) -> None:
    """Enumerations and capitals mean the same."""
    assert known(lr_scheduler_type=name).name == "constant"


def test_the_expected_rate_is_that_of_the_count_that_fits() -> None:
    """A record printed before or after the scheduler's step is as configured."""
    found = known(warmup_steps=0)

    assert found.expected(10.0, 9.1e-5) == pytest.approx(9.1e-5)
    assert found.expected(10.0, 9.0e-5) == pytest.approx(9.0e-5)


def test_what_steps_count_is_told_by_epochs_or_by_steps_beyond_the_last() -> None:
    """Batches where there are too many of them, updates where they add up to the total, else unknown."""
    assert known(gradient_accumulation_steps=4).batches is None
    assert known(gradient_accumulation_steps=4, num_train_epochs=2, steps_per_epoch=200).batches is True
    assert known(gradient_accumulation_steps=4, num_train_epochs=2, steps_per_epoch=50).batches is False
    assert known(Point(150.0, 1e-5, 1e-9), gradient_accumulation_steps=4).batches is True
    assert known(Point(50.0, 1e-5, 1e-9), 1.0, gradient_accumulation_steps=4, num_train_epochs=2).batches is False


def test_a_decay_may_end_before_the_run_and_above_zero() -> None:
    """Megatron decays over `lr_decay_iters` to `min_lr`; a share of warm-up is one of these."""
    facts = Facts(
        {
            "learning_rate": 1e-3,
            "lr_scheduler_type": "cosine",
            "total_steps": 5000.0,
            "lr_decay_steps": 3000.0,
            "warmup_ratio": 0.1,
            "warmup_steps": 0.0,
            "min_lr": 1e-4,
        }
    )
    plan = configured(look_up(Plan(facts)))

    assert plan is not None
    assert (plan.total, plan.warmup) == (3000.0, 300.0)
    assert [plan.expected(step, rate) for step, rate in ((150, 5e-4), (300, 1e-3), (3000, 1e-4), (5000, 1e-4))] == pytest.approx(
        [5e-4, 1e-3, 1e-4, 1e-4], rel=1e-2
    )
