"""A document as Markdown that holds what logs hold: nothing from a log can end a cell, open a tag or reach a terminal."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from trainwatch.present.clean import clean
from trainwatch.report.compose import Report
from trainwatch.report.content import sections
from trainwatch.report.parts import Bullets, Code, Inline, Para, Part, Quote, Section, Table
from trainwatch.report.summary import sentences

_MARKS = re.compile(r"([\\`*_\[\]<>|])")


def to_markdown(report: Report) -> str:
    """The whole report, ending in a newline."""
    return document(report.snapshot.run.name, " ".join(sentences(report)), sections(report))


def document(title: str, lead: str, parts: Iterable[Section]) -> str:
    """A title, what stands under it, and sections."""
    out = [f"# {plain(title)}", *([plain(lead)] if lead else [])]
    for section in parts:
        out += [f"## {plain(section.title)}", "\n\n".join("\n".join(_part(part)) for part in section.parts)]
    return "\n\n".join(out) + "\n"


def _part(part: Part) -> Iterator[str]:
    """The lines of a part."""
    match part:
        case Para():
            yield _inline(part.text)
        case Bullets():
            yield from (f"- {_inline(item)}" for item in part.items)
        case Quote():
            yield f"> {code(part.text)}"
        case Table():
            yield f"| {' | '.join(map(plain, part.titles))} |"
            yield f"|{' --- |' * len(part.titles)}"
            yield from (f"| {' | '.join(map(_inline, row))} |" for row in part.rows)


def _inline(text: Inline) -> str:
    """Text with its marks made harmless."""
    if isinstance(text, tuple):
        return "".join(map(_inline, text))
    return code(text.text) if isinstance(text, Code) else plain(text)


def plain(text: str) -> str:
    """Text that means nothing to Markdown or HTML, on one line."""
    return _MARKS.sub(_escape, clean(text))


def _escape(match: re.Match[str]) -> str:
    """A mark as text. Underscores inside words need none, and read better without."""
    mark = match[1]
    if mark == "_":
        before, after = match.string[max(match.start() - 1, 0) : match.start()], match.string[match.end() : match.end() + 1]
        return mark if before.isalnum() and after.isalnum() else "\\_"
    return {"<": "&lt;", ">": "&gt;"}.get(mark, "\\" + mark)


def code(text: str) -> str:
    """Text as a code span on one line; backticks and bars inside become lookalikes that break nothing."""
    shown = clean(text).replace("`", "'").replace("|", "\N{BROKEN BAR}").strip()
    return f"`{shown}`" if shown else ""
