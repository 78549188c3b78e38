"""Numbers in words: the same value reads the same on the screen, in a plain line and in the report."""

from __future__ import annotations

import math

UNKNOWN = "?"
"""What stands where a value is not known."""

_SCALES = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))
_BYTES = ("B", "KB", "MB", "GB", "TB", "PB")


def number(value: float | None, digits: int = 4, *, steady: bool = False) -> str:
    """A value with `digits` significant digits: `0.1376`, `1.3e-4`, `12.4k`; None is `?`, NaN `nan`.

    `steady` keeps the zeros at the end, so that a column of figures does not jump.
    """
    if value is None:
        return UNKNOWN
    if not math.isfinite(value):
        return str(value)
    if abs(value) >= 1e15 or 0 < abs(value) < 1e-3:
        return _scientific(value, digits, steady=steady)
    value = float(f"{value:.{digits - 1}e}")  # rounded first: 9999.96 has five digits before the point
    size = abs(value)
    for scale, letter in _SCALES:
        if size >= max(scale, 1e4):
            return _fixed(value / scale, digits, steady=steady) + letter
    return _fixed(value, digits, steady=steady)


def _fixed(value: float, digits: int, *, steady: bool) -> str:
    """Positional notation; the digits after the point shrink as those before it grow."""
    before = math.floor(math.log10(abs(value))) + 1 if value else 1
    text = f"{value:.{max(digits - max(before, 0), 0)}f}" if before > 0 else f"{value:.{digits - before}f}"
    return text if steady else _short(text)


def _scientific(value: float, digits: int, *, steady: bool) -> str:
    """`1.3e-4`, without the padding of the exponent that Python prints."""
    mantissa, _, exponent = f"{value:.{digits - 1}e}".partition("e")
    return f"{mantissa if steady else _short(mantissa)}e{int(exponent)}"


def _short(text: str) -> str:
    """Without the zeros that end a fraction, and without the sign of a zero."""
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def integer(value: float | None) -> str:
    """A count in full: `9,200`; None is `?`."""
    return UNKNOWN if value is None else f"{int(value):,}"


def count(value: float | None) -> str:
    """A count in three digits: `950`, `9.2k`, `1.28M`; None is `?`."""
    if value is None or abs(value) < 1000:
        return UNKNOWN if value is None else _short(f"{value:.4g}")
    for scale, letter in _SCALES:
        if abs(value) >= scale:
            return _fixed(value / scale, 3, steady=False) + letter
    return UNKNOWN


def percent(ratio: float | None) -> str:
    """A ratio of 0 to 1 as `66 %`; below one percent with a decimal; None is `?`."""
    if ratio is None or not math.isfinite(ratio):
        return UNKNOWN
    return f"{ratio * 100:.1f} %" if 0 < abs(ratio) < 0.01 else f"{ratio * 100:.0f} %"


def duration(seconds: float | None) -> str:
    """Seconds as people say them: `412 ms`, `9.5 s`, `33 min`, `3 h 07 min`, `2 d 03 h`; None and NaN are `?`."""
    if seconds is None or not math.isfinite(seconds):
        return UNKNOWN
    if seconds < 0:
        return "-" + duration(-seconds)
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f} ms" if seconds else "0 s"
    if seconds < 59.5:
        return f"{seconds:.1f} s" if seconds < 9.95 else f"{seconds:.0f} s"
    minutes = max(round(seconds / 60), 1)
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min" if hours < 48 else f"{hours // 24} d {hours % 24:02d} h"


def size(value: float | None) -> str:
    """Bytes in powers of 1000: `812 B`, `71.2 GB`; None is `?`."""
    if value is None or not math.isfinite(value):
        return UNKNOWN
    power = 0
    while abs(value) >= 999.5 and power < len(_BYTES) - 1:
        value, power = value / 1000, power + 1
    return f"{_fixed(value, 3, steady=False)} {_BYTES[power]}"


def step(value: float | None) -> str:
    """A step in a sentence or on an axis: in full below 10,000, then `12.5k`; None is `?`."""
    if value is None:
        return UNKNOWN
    return f"{value:.0f}" if abs(value) < 10_000 else number(value)
