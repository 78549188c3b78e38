import pytest

from trainwatch.model.planned import counts_batches, planned


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
