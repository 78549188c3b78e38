import pytest

from trainwatch.model.planned import a_step, counts_batches, planned


@pytest.mark.parametrize(
    ("counted", "configured", "accumulation", "expect"),
    [
        (None, None, None, None),
        (200, None, None, 200),
        (None, 200.0, 10.0, 200),
        (500, 200.0, None, 200),
        (500, 200.0, 10.0, 200),
        (74823, 4676.0, 16.0, 74823),
        (200, 200.0, 1.0, 200),
    ],
)
def test_the_last_step_is_told_in_the_unit_of_the_printed_ones(
    counted: int | None, configured: float | None, accumulation: float | None, expect: int | None
) -> None:
    """What is configured wins over a counter, but not where the counter counts the batches behind those steps."""
    assert planned(counted, configured, accumulation) == expect


def test_a_few_batches_may_fall_away() -> None:
    """The last batches of an epoch make no full step; a total that is far off is something else."""
    assert counts_batches(1000, 62, 16)
    assert not counts_batches(1000, 70, 16)
    assert not counts_batches(1000, 0, 16)


@pytest.mark.parametrize(
    ("step", "epoch", "epochs", "per_epoch", "expect"),
    [
        (500, None, None, None, None),
        (1021, None, None, None, 8.0),
        (500, 0.25, 4.0, None, 8.0),
        (50, 0.2, 4.0, None, 1.0),
        (1, 0.01, 4.0, None, None),
        (500, None, 4.0, 2000.0, 8.0),
        (500, None, 4.0, 250.0, 1.0),
        (250, 1.0, 4.0, None, 1.0),
    ],
)
def test_epochs_or_a_step_beyond_the_plan_tell_that_batches_are_printed(
    step: float, epoch: float | None, epochs: float | None, per_epoch: float | None, expect: float | None
) -> None:
    """1,000 steps are planned, of eight batches each: nothing tells in the first hundredths of an epoch, or without any."""
    assert a_step(step, epoch, total=1000, accumulation=8, epochs=epochs, per_epoch=per_epoch) == expect


def test_without_accumulation_a_batch_is_a_step() -> None:
    """Whatever else is known."""
    assert a_step(5000, 1.0, total=1000, accumulation=1, epochs=9, per_epoch=None) == 1
    assert a_step(5000, 1.0, total=1000, accumulation=None, epochs=9, per_epoch=None) == 1
    assert planned(None, 1000, 8, 8.0) == 8000
