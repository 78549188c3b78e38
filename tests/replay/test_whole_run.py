from __future__ import annotations

from pathlib import Path

import pytest
from tests.replay.runs import NOW, Supervisor, evaluation, record

from trainwatch.model.facts import Facts
from trainwatch.model.inputs import Chunk
from trainwatch.replay.whole_run import read_run
from trainwatch.store.copies import Copies


def test_records_of_a_log_that_was_truncated_since_are_read_too(log: Path, environ: dict[str, str]):
    """Both attempts of a requeued run, each by its number, and what came behind the newest arrival; once each, whatever the log holds now."""
    supervisor = Supervisor(log, environ)
    copies = Copies(supervisor.dir.copies)
    for text in (record(1, 3.0) + record(2, 2.9), b"", record(3, 2.8)):
        log.write_bytes(text)
        for chunk in supervisor.read(NOW):
            if isinstance(chunk, Chunk):
                copies.add(chunk)
    copies.close()
    supervisor.die()
    with log.open("ab") as file:
        file.write(evaluation(4, 2.7))
    found = [(b.attempt, b.kind, b.values(row)) for b in read_run(supervisor.dir, Facts(), None) for row in range(len(b))]
    values = [(attempt, kind, told.get("loss", told.get("eval_loss"))) for attempt, kind, told in found]
    assert values == [(1, "train", 3.0), (1, "train", 2.9), (2, "train", 2.8), (2, "eval", pytest.approx(2.7))]
