"""The configuration in which runs differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from trainwatch.model.facts import Fact


def differing(runs: Sequence[Mapping[str, Fact]]) -> list[str]:
    """Names whose value is not the same in every run, or that not every run states; in the order found. None for a single run."""
    names = dict.fromkeys(name for facts in runs for name in facts)
    return [name for name in names if len({_value(facts, name) for facts in runs}) > 1]


def _value(facts: Mapping[str, Fact], name: str) -> str | None:
    """A value that compares: 1e-4 and 0.0001 are one."""
    if name not in facts:
        return None
    value = facts[name].value
    try:
        return repr(float(value))
    except ValueError:
        return str(value)
