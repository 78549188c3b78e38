from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from trainwatch.rules.schedule.printed import KEPT, Printed, digits


@given(st.lists(st.integers(1, 900), max_size=12))
def test_which_records_are_looked_at_depends_on_their_number_alone(sizes: list[int]) -> None:
    """However the log is cut into blocks, the same records are looked at."""
    whole, cut = Printed(), Printed()
    first = 0
    found = []
    for size in sizes:
        found += [first + row for row in cut.looked_at(size)]
        first += size

    assert found == list(whole.looked_at(first))


def test_a_million_records_cost_a_few_thousand_looks() -> None:
    """All of the first 512 and ever fewer of the rest; a fit sees at most 258 points."""
    printed = Printed()
    looks = list(printed.looked_at(1_000_000))
    for row in looks:
        printed.add(float(row), 1e-4, "hf_trainer")

    assert looks[:512] == list(range(512))
    assert len(looks) < 4000
    assert len(printed.points(len(looks))) <= KEPT + 2


def test_what_the_print_hides_follows_from_the_notation_seen() -> None:
    """Eight decimals hide 5e-9 of every rate, three significant digits hide a share of each."""
    fixed, scientific, short = Printed(), Printed(), Printed()
    for rate in (0.0, 6.021e-05, 0.0002, 0.00019053):
        fixed.add(1.0, rate, "generic")
    for rate in (1.23e-4, 4.56e-7):
        scientific.add(1.0, rate, "generic")
    short.add(1.0, 0.0002, "generic")

    assert fixed.notation.hidden(0.00019053) == 5e-9
    assert scientific.notation.hidden(1.23e-4) == 5e-7
    assert scientific.notation.hidden(4.56e-7) == 5e-10
    assert short.notation.hidden(0.0002) == 5e-5


def test_a_precise_format_means_what_it_prints() -> None:
    """HF Trainer prints the shortest notation of a float: 0.0002 is not 0.00024 rounded."""
    printed = Printed()
    printed.add(1.0, 0.0002, "hf_trainer")

    assert printed.notation.hidden(0.0002) < 1e-7


def test_a_resumed_stretch_is_printed_again() -> None:
    """Rates from the resumed step on are forgotten."""
    printed = Printed()
    for step in (10.0, 20.0, 30.0):
        printed.add(step, 1e-4, "generic")
    printed.go_back(20.0)

    assert printed.steps == [10.0]


def test_significant_digits() -> None:
    """Leading and trailing zeros do not count."""
    assert [digits(x) for x in (6.021e-05, 0.0002, 0.0, 0.00019053, 1.5)] == [4, 1, 0, 5, 2]
