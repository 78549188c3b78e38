from __future__ import annotations

import pytest

from trainwatch.formats.numbers import number, resolution
from trainwatch.formats.pairs import PairSyntax
from trainwatch.formats.template import compile_template
from trainwatch.formats.text import clean


def test_a_template_is_a_whole_line() -> None:
    """Literals match as they stand, slots take numbers, and nothing may follow."""
    template = compile_template("iter <step>: loss <loss>, time <t:ms>ms")
    match = template.pattern.match(b"iter  7: loss nan, time 2.5ms  \n")
    assert match is not None
    assert match.groups() == (b"7", b"nan", b"2.5")
    assert template.units == (1.0, 1.0, 0.001)
    assert template.head == b"iter "
    assert template.pattern.match(b"iter 7: loss 1.0, time 2.5ms and more\n") is None


def test_an_open_end_is_written() -> None:
    """`<...>` at the end lets anything follow."""
    assert compile_template("step <step> <...>").pattern.match(b"step 5 anything at all") is not None


@pytest.mark.parametrize(
    ("text", "reason"),
    [("<step> x", "begin with a literal"), ("a <b><c>", "literal between"), ("a <b:parsec>", "no unit 'parsec'"), ("", "begin")],
)
def test_what_is_wrong_with_a_template_is_said(text: str, reason: str) -> None:
    """Mistakes come with a reason."""
    with pytest.raises(ValueError, match=reason):
        compile_template(text)


def test_what_stands_behind_a_head_is_compiled_when_it_is_asked_for() -> None:
    """A reader of many formats needs few of their patterns; what is wrong with one is told no later than that."""
    template = compile_template("a <b:parsec>", later=True)
    assert template.head == b"a "
    with pytest.raises(ValueError, match="no unit 'parsec'"):
        _ = template.names
    with pytest.raises(ValueError, match="begin with a literal"):
        compile_template("<b>", later=True)


def test_pairs_are_read_up_to_their_tail() -> None:
    """Names with blanks, padded numbers, quoted ones, lists."""
    parsed = PairSyntax("<name>: <value>", " | ", " |").parse(b"lm loss: 2.8E+00 | elapsed time (ms):   12.5 | ok: yes |", 0)
    assert parsed is not None
    assert parsed.names == ("lm loss", "elapsed time (ms)", "ok")
    assert parsed.numbers == (2.8, 12.5, None)
    assert PairSyntax("'<name>': <value>", ", ", "}").parse(b"'a': 1, 'b': [2, 3]", 0) is None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (b"1.5", 1.5),
        (b"1e-05", 1e-5),
        (b"'2.5'", 2.5),
        (b"1,303", 1303.0),
        (b"808,710", 808710.0),
        (b"20.55%", 20.55),
        (b"639.21ms", 639.21),
        (b"np.float32(0.48)", 0.48),
        (b"tensor(0.5, device='cuda:0')", 0.5),
        (b"-0.", 0.0),
        (b"0.4674.", 0.4674),
        (b"abc", None),
        (b"1_000", None),
        (b"1.2.3", None),
        (b"", None),
    ],
)
def test_numbers_as_logs_spell_them(text: bytes, value: float | None) -> None:
    """Thousands, units, percent, wrappers; and what is no number is None."""
    assert number(text) == value


@pytest.mark.parametrize(("text", "place"), [(b"1.25", 0.01), (b"5", 1.0), (b"1.5e-05", 1e-6), (b"'0.9722'", 1e-4)])
def test_resolution(text: bytes, place: float) -> None:
    """The last printed place."""
    assert resolution(text) == pytest.approx(place)


def test_clean_takes_out_what_moves_the_cursor() -> None:
    """Colours, titles, cursor movements, NULs and backspaces go; text stays."""
    assert clean(b"\x1b[31mred\x1b[0m \x1b]0;title\x07x\x00\x1b[A\x1b[38;2;180;60;0my ab\x08c") == b"red xy ac"
