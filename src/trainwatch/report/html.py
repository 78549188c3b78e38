"""The report as one page that needs nothing else: no network, no script. Whatever a log holds is text in it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from importlib.resources import files

from trainwatch.model.verdict import Severity
from trainwatch.report.charts.figure import NARROW, WIDE, figure, stylesheet
from trainwatch.report.charts.xml import element, words
from trainwatch.report.compose import Report
from trainwatch.report.content import sections
from trainwatch.report.parts import Bullets, Code, Inline, Para, Part, Quote, Section, Table
from trainwatch.report.summary import sentences

_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
"""What a browser may load for the page: nothing."""

_FIGURE = re.compile(r"<?\s?[-+]?[\d.,]+(e-?\d+)?\s?[kMGT%]?|\?|none")
_SEVERITIES = {severity.word for severity in Severity}
LONG, SHORT = 48, 22
"""Letters from which a cell gets room for lines of its own, and up to which it is never broken."""


def to_html(report: Report) -> str:
    """The whole page, ending in a newline."""
    return page(report.snapshot.run.name, sentences(report), _pictures(report), sections(report))


def page(title: str, lead: Iterable[str], pictures: Iterable[tuple[str, str]], parts: Sequence[Section]) -> str:
    """A page of sentences, pictures (each with "wide" or "narrow", of which the page shows one) and sections, ending in a newline."""
    name = words(title)
    body = (
        f"<header><h1>{name}</h1>",
        *(f'<p class="lead">{words(sentence)}</p>' for sentence in lead),
        "</header>",
        *(f'<figure class="{kind}">{drawn}</figure>' for kind, drawn in pictures),
        f"<nav>{''.join(_link(section) for section in parts)}</nav>",
        *(_section(section) for section in parts),
    )
    return "\n".join((*_head(name), "<body><main>", *body, "</main></body>", "</html>")) + "\n"


def _head(name: str) -> Iterator[str]:
    """Everything before the body."""
    style = files("trainwatch.report").joinpath("page.css").read_text(encoding="utf-8")
    yield "<!doctype html>"
    yield '<html lang="en">'
    yield '<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
    yield f"<title>{name}</title>"
    yield f"<style>\n{stylesheet()}{style}</style></head>"


def _pictures(report: Report) -> Iterator[tuple[str, str]]:
    """The picture twice: drawn for a desktop and for a phone."""
    for kind, width in (("wide", WIDE), ("narrow", NARROW)):
        drawn = figure(report, width)
        if drawn:
            yield kind, drawn


def _slug(section: Section) -> str:
    """The name of a section in links."""
    return re.sub(r"[^a-z]+", "-", section.title.lower()).strip("-")


def _link(section: Section) -> str:
    """A link to a section."""
    return f'<a href="#{_slug(section)}">{words(section.title)}</a>'


def _section(section: Section) -> str:
    """A section with its heading."""
    body = "\n".join(text for part in section.parts for text in _part(part))
    return f'<section id="{_slug(section)}"><h2>{words(section.title)}</h2>\n{body}</section>'


def _part(part: Part) -> Iterator[str]:
    """The elements of a part."""
    match part:
        case Para():
            yield f"<p>{_inline(part.text)}</p>"
        case Bullets():
            yield f"<ul>{''.join(f'<li>{_inline(item)}</li>' for item in part.items)}</ul>"
        case Quote():
            yield f"<pre>{words(part.text)}</pre>"
        case Table():
            head = "".join(f'<th scope="col">{words(title)}</th>' for title in part.titles)
            rows = "\n".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in part.rows)
            yield f'<div class="scroll" tabindex="0"><table><thead><tr>{head}</tr></thead>\n<tbody>{rows}</tbody></table></div>'


def _cell(cell: Inline) -> str:
    """A cell; figures stand to the right, severities are marked by colour beside their word."""
    if not isinstance(cell, str):
        long = isinstance(cell, Code) and len(cell.text) > LONG
        return element("td", _inline(cell), class_="long") if long else element("td", _inline(cell))
    if cell in _SEVERITIES:
        return element("td", element("span", words(cell), class_=f"severity {cell}"))
    kind = "figure-cell" if _FIGURE.fullmatch(cell) else "long" if len(cell) > LONG else "short" if len(cell) <= SHORT else ""
    return f'<td class="{kind}">{words(cell)}</td>' if kind else f"<td>{words(cell)}</td>"


def _inline(text: Inline) -> str:
    """Text, and text of machines."""
    if isinstance(text, tuple):
        return "".join(map(_inline, text))
    return f"<code>{words(text.text)}</code>" if isinstance(text, Code) else words(text)
