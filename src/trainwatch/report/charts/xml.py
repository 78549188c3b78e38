"""SVG elements as text. Whatever comes from a log is cleaned and escaped here, and nowhere else."""

from __future__ import annotations

from xml.sax.saxutils import escape

from trainwatch.present.clean import clean


def words(text: str) -> str:
    """Text that is text: no element, no attribute, no control character."""
    return escape(clean(text), {'"': "&quot;", "'": "&#39;"})


def element(tag: str, content: str = "", **attributes: str | float) -> str:
    """One element. `content` is SVG already; a trailing underscore of a name is dropped, other underscores are hyphens."""
    pairs = "".join(f' {name.rstrip("_").replace("_", "-")}="{_value(value)}"' for name, value in attributes.items())
    return f"<{tag}{pairs}>{content}</{tag}>" if content else f"<{tag}{pairs}/>"


def text(x: float, y: float, content: str, **attributes: str | float) -> str:
    """A piece of text with its baseline at y."""
    return element("text", words(content), x=x, y=y, **attributes)


def title(content: str) -> str:
    """What a pointer that rests on the element around it is told."""
    return element("title", words(content))


def _value(value: str | float) -> str:
    """An attribute's value; numbers to a tenth of a pixel."""
    if isinstance(value, str):
        return words(value)
    return f"{value:.1f}".removesuffix(".0")
