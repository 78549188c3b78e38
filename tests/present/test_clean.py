from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainwatch.present.clean import clean, lines, to_ascii

NASTY = st.one_of(
    st.text(),
    st.lists(
        st.sampled_from(["\x1b", "[", "]", "31m", "0;t", "\x07", "\x9b", "\x9c", "\r", "\n", "\t", "a", "é", "\u202e", "\ud800", "\x00"])
    ).map("".join),
)


@given(NASTY)
def test_nothing_drives_the_terminal(text: str):
    """Whatever the log holds, no control, format or surrogate character is left, and no line break."""
    out = clean(text)
    assert not [c for c in out if unicodedata.category(c) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}]


@given(NASTY)
def test_cleaning_twice_changes_nothing(text: str):
    """Clean text stays as it is."""
    assert clean(clean(text)) == clean(text)


@given(st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=126)))
def test_plain_text_is_untouched(text: str):
    """Printable ASCII passes unchanged, markup characters included."""
    assert clean(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;owned\x07title", "title"),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1bP+q544e\x1b\\after", "after"),
        ("  0%|   \r 50%|## \r100%|####\r", "100%|####"),
        ("a\tb", "a    b"),
        ("evil\u202egnp.exe", "evilgnp.exe"),
        ("\x1b[2J\x1b[H[bold red]not markup[/]", "[bold red]not markup[/]"),
    ],
)
def test_known_tricks(text: str, shown: str):
    """Colours, titles, links, device strings, redrawn bars and reversed text become plain text."""
    assert clean(text) == shown


def test_lines_of_bytes():
    """Bytes that are not UTF-8 become the replacement character; the last newline makes no line."""
    assert list(lines(b"one\n\xfftwo\r\n")) == ["one", "\ufffdtwo"]
    assert list(lines(b"")) == []


@given(st.text())
def test_ascii_is_seven_bits(text: str):
    """The ASCII form never holds another character."""
    assert to_ascii(clean(text)).isascii()


def test_ascii_keeps_the_look():
    """Bars keep their length and letters lose only their accents."""
    assert to_ascii("66%|██▌ | né → 日") == "66%|##= | ne > ?"
