"""What stands where there is nothing to draw: whether it may still come, and what to do where it will not."""

from __future__ import annotations

from trainwatch.model.snapshot import Snapshot
from trainwatch.present.numbers import size
from trainwatch.present.sentences import ENDED


def yet(snapshot: Snapshot) -> str:
    """` yet` while more may come; empty once the run has ended."""
    return "" if snapshot.state in ENDED else " yet"


def no_curve(snapshot: Snapshot) -> list[str]:
    """Why there is no curve, a sentence a row."""
    over = snapshot.state in ENDED
    if not snapshot.bytes_read:
        return ["nothing was printed" if over else "waiting for the first line: nothing was printed yet"]
    if snapshot.records:
        return [f"read {size(snapshot.bytes_read)}, {snapshot.records} records: no loss among them{yet(snapshot)}"]
    if not over:
        return [f"waiting for the first record: none in {size(snapshot.bytes_read)} yet"]
    return [
        f"read {size(snapshot.bytes_read)} and found no record: it prints no metric, or in no form known",
        "trainwatch formats new LOG proposes a format for it",
    ]
