from __future__ import annotations

from dataclasses import replace

import pytest
from tests.tui.fakefeed import RUN, SOURCE

from trainwatch.engine.engine import Engine
from trainwatch.model.inputs import Chunk, Order
from trainwatch.model.snapshot import Progress, RunInfo, Snapshot
from trainwatch.present.chart import ColumnCache, loss_chart
from trainwatch.present.look import ASCII
from trainwatch.present.strip import phase_strip
from trainwatch.present.xaxis import XAxis, axis_of, best_at
from trainwatch.rules import preset

VALUES = (2.0, 1.5, 1.0, 1.2, 1.6, 2.0, 2.4, 2.8)
"""The eval losses of a run that is best at its third evaluation."""


def epochs(*, note_after: int | None = None) -> Snapshot:
    """A run whose log counts epochs only: two losses and an evaluation in each."""
    engine = Engine(preset.load("default"), RunInfo("r", "r", (SOURCE,)))
    offset = 0
    for i, value in enumerate(VALUES):
        lines = [f"{{'loss': {2.0 / (i + 1):.4f}, 'learning_rate': 1e-05, 'epoch': {i + half}}}" for half in (0.5, 1.0)]
        lines.append(f"{{'eval_loss': {value}, 'epoch': {i + 1.0}}}")
        data = ("\n".join(lines) + "\n").encode()
        engine.feed(Chunk(SOURCE, offset, data, float(i)))
        offset += len(data)
        if note_after == i + 1:
            engine.feed(Order(9.0, "note-1", "note", "kim", "new data mix"))
    return engine.snapshot()


def numbered() -> Snapshot:
    """The same run where the log counts nothing."""
    shown = epochs()
    bare = tuple(replace(e, step=None, epoch=None) for e in shown.evaluations)
    phases = tuple(replace(p, step_start=None, epoch_start=None, step_end=None, epoch_end=None) for p in shown.phases)
    best = None if shown.best is None else replace(shown.best, step=None, epoch=None)
    return replace(shown, evaluations=bare, phases=phases, best=best, epochs=type(shown.epochs)(), progress=Progress())


def chart(shown: Snapshot) -> list[str]:
    """The loss chart as text."""
    return loss_chart(shown, 80, 14, ASCII, ColumnCache()).lines()


def test_what_the_axis_counts():
    """Steps where they are known, else epochs, else records; the last row of the chart says which."""
    assert axis_of(Snapshot(RUN, progress=Progress(5, 100))).unit == "step"
    assert [axis_of(shown).unit for shown in (epochs(), numbered(), Snapshot(RUN))] == ["epoch", "record", "record"]
    assert chart(epochs())[-1].startswith(" epoch 0")
    assert chart(numbered())[-1].startswith("record 0")


@pytest.mark.parametrize("shown", [epochs(), numbered()])
def test_the_best_is_marked_in_a_run_without_steps(shown: Snapshot):
    """The ninth record, the third evaluation, is the best one: there the dotted line stands."""
    axis = axis_of(shown)
    assert shown.best is not None
    assert best_at(axis, shown.best, shown) == 9.0
    column = 7 + int(9 / axis.end * 73)
    assert all(line[column] in ":ox." for line in chart(shown)[1:11])
    assert any("* best 1" in line for line in chart(shown))


@pytest.mark.parametrize("shown", [epochs(), numbered()])
def test_phases_stand_above_their_records_without_steps(shown: Snapshot):
    """What follows the best evaluation begins above the ninth of twenty-four records and goes on to the last."""
    strip = phase_strip(shown, 80, 80, ASCII).lines()[0]
    axis = axis_of(shown)
    best, newest = (7 + int(x / axis.end * 73) for x in (9, 24))
    assert "healthy" in strip[7:best]
    assert strip[best] != "="
    assert strip[newest - 1] != " "
    assert strip[newest + 1 :].strip() == ""


def test_a_note_is_marked():
    """Where a person said that the run is another one, a dotted line with the words, and an `n` on the axis; the best begins anew there."""
    shown = epochs(note_after=4)
    lines = chart(shown)
    column = 7 + int(12 / axis_of(shown).end * 73)
    assert lines[-2][column] == "n"
    assert any("new data mix" in line for line in lines)
    assert shown.best is not None
    assert shown.best.value == VALUES[4]
    stepped = replace(shown, progress=Progress(240, 240), notes=(replace(shown.notes[0], step=120),))
    assert chart(stepped)[-2][7 + 73 // 2] == "n"


def test_epochs_are_labelled_where_their_last_record_stands():
    """A round epoch stands above its last record, and no label is guessed beyond the newest."""
    axis = axis_of(epochs())
    assert axis.labels(4) == [(0.0, "0"), (6.0, "2"), (12.0, "4"), (18.0, "6"), (24.0, "8")]
    assert axis.last_label == ""


def test_what_cannot_be_placed_is_not():
    """A step on an axis that counts epochs, and an epoch on one that counts steps or records, stand nowhere."""
    assert axis_of(epochs()).at(120, None) is None
    assert XAxis("step", 100.0, 10.0).at(None, 2.0) is None
    assert axis_of(numbered()).at(None, 2.0) is None
    assert axis_of(numbered()).of_evaluation(99) is None
