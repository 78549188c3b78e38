import argparse

import pytest

from trainwatch.cli.ending import add_ending, ending_of, moment
from trainwatch.model.errors import UsageError

NOW = 1_795_000_000.0


def of(*words: str) -> tuple[float | None, float | None, float | None]:
    parser = argparse.ArgumentParser()
    add_ending(parser)
    ending = ending_of(parser.parse_args(words), NOW)
    return ending.ends_at, ending.before_end, ending.signal_grace


def test_what_was_said_of_the_end() -> None:
    """Nothing said: Slurm's end, automatic, no known grace; off is negative."""
    assert of() == (None, None, None)
    assert of("--end-time", "+2h", "--save-before-end", "10m", "--signal-grace", "90s") == (NOW + 7200, 600.0, 90.0)
    assert of("--save-before-end", "off")[1] == -1.0


def test_a_time_of_day_is_the_next_one() -> None:
    """Within a day from now, on the minute."""
    for text in ("00:00", "12:30", "23:59"):
        assert 0 < moment(text, NOW) - NOW <= 86400
        assert moment(text, NOW) % 60 == 0


@pytest.mark.parametrize(
    "words", [("--end-time", "later"), ("--end-time", "25:00"), ("--end-time", "2001-01-01"), ("--save-before-end", "x")]
)
def test_nonsense_is_refused(words: tuple[str, str]) -> None:
    """With what may be written instead."""
    with pytest.raises(UsageError, match=r"write|past"):
        of(*words)
