"""Themes in Textual's terms."""

from __future__ import annotations

from dataclasses import replace

from rich.style import Style as RichStyle
from textual.theme import BUILTIN_THEMES
from textual.theme import Theme as TextualTheme

from trainwatch.present import theme as themes


def rich_styles(theme: themes.Theme) -> dict[str, RichStyle]:
    """The style of every role; no colour means the terminal's own."""
    return {role: _rich(style, theme) for role, style in theme.styles.items()}


def _rich(style: themes.Style, theme: themes.Theme) -> RichStyle:
    """One style. Every one names a background: without it Textual's filters fail under NO_COLOR."""
    return RichStyle(
        color=style.color or theme.foreground or "default",
        bgcolor=style.background or theme.background or "default",
        bold=style.bold,
        dim=style.dim,
        italic=style.italic,
        underline=style.underline,
        reverse=style.reverse,
    )


def textual_theme(theme: themes.Theme) -> TextualTheme:
    """What Textual itself must know: the colours behind everything."""
    name = f"trainwatch-{theme.name}"
    if not theme.background:
        return replace(BUILTIN_THEMES["ansi-dark"], name=name)
    foreground, background = theme.foreground or "#d7dae0", theme.background
    return TextualTheme(name, primary=foreground, foreground=foreground, background=background, surface=background, panel=background)
