"""Numbers as logs spell them."""

from __future__ import annotations

import re

UNITS: dict[str, float] = {
    "s": 1.0,
    "ms": 1e-3,
    "us": 1e-6,
    "min": 60.0,
    "h": 3600.0,
    "percent": 0.01,
    "KB": 1e3,
    "MB": 1e6,
    "GB": 1e9,
    "KiB": 2.0**10,
    "MiB": 2.0**20,
    "GiB": 2.0**30,
}
"""What a slot's declared unit is worth in seconds, bytes or a fraction of one."""

LONGEST = 80
"""Longer texts are no unusual number, in bytes."""

_THOUSANDS = re.compile(rb"[-+]?\d{1,3}(?:,\d{3})++(?:\.\d*+)?")
_WRAPPED = re.compile(rb"(?:np\.float\d\d|np\.int\d\d|tensor|array)\(([^(),]{1,40})[^()]{0,60}\)")
_SUFFIX = re.compile(
    rb"([-+]?(?:\d++(?:\.\d*+)?|\.\d++)(?:[eE][-+]?\d++)?|[-+]?(?:nan|inf))(?:%|ms|s|it/s|s/it|[KMGT]i?B?|x)?[.,;]?", re.IGNORECASE
)
_NOT_FINITE = re.compile(rb"([-+]?)(?:nan\([a-z]{1,4}\)|1\.#(?:[qs]nan|ind|(inf))\d*)", re.IGNORECASE)
"""As C prints them, also on Windows: `-nan(ind)`, `1.#QNAN`, `-1.#INF00`."""


def number(text: bytes) -> float | None:
    """The value of a printed number, None when it is none.

    Reads thousands commas, quotes, a trailing percent sign or unit (which is not applied), `tensor(...)`, and NaN and infinity
    in every spelling.
    """
    text = text.strip(b" \t'\"")
    if not text or b"_" in text:
        return None
    try:
        return float(text)
    except ValueError:
        return _unusual(text) if len(text) <= LONGEST else None


def _unusual(text: bytes) -> float | None:
    """A number that `float` does not take."""
    wrapped = _WRAPPED.fullmatch(text)
    if wrapped:
        return number(wrapped[1])
    if _THOUSANDS.fullmatch(text):
        return float(text.replace(b",", b""))
    plain = _SUFFIX.fullmatch(text)
    if plain:
        return float(plain[1])
    other = _NOT_FINITE.fullmatch(text)
    return float(other[1] + (other[2] or b"nan")) if other else None


def resolution(text: bytes) -> float:
    """The last place of a printed number: 0.01 for `1.25`, 1 for an integer."""
    mantissa, _, exponent = text.strip(b" '\"").lower().partition(b"e")
    _, point, digits = mantissa.partition(b".")
    power = int(exponent) if exponent.lstrip(b"+-").isdigit() and len(exponent) < 5 else 0
    return float(10.0 ** max(-300, min(power - (len(digits) if point else 0), 300)))
