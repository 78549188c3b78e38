"""One cause of death among those that several sources of a run name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from trainwatch.failures.load import kinds
from trainwatch.model.failure import Failure


def among(found: Sequence[tuple[int | None, Failure]]) -> Failure | None:
    """The root cause: what a rank died of before what its launcher says of it, and before what another of the causes explains.

    `found` holds the rank that prints to the source, None where it is not one rank's, and what the source says; the first of equals.
    None when there is none.
    """
    known = {kind.name: kind for kind in kinds()}
    names = {failure.kind for _, failure in found}

    def weight(pair: tuple[int | None, Failure]) -> tuple[bool, bool, int]:
        """The more other kinds explain a kind, the less it is a cause."""
        kind = known.get(pair[1].kind)
        return (False, False, 0) if kind is None else (kind.launcher, not names.isdisjoint(kind.explained_by), len(kind.explained_by))

    if not found:
        return None
    rank, failure = min(found, key=weight)
    return failure if failure.rank is not None or rank is None else replace(failure, rank=rank)
