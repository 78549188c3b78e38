from __future__ import annotations

import math
from dataclasses import replace

from tests.tui.fakefeed import RUN, snapshot

from trainwatch.model.series import Series
from trainwatch.model.snapshot import Best, Progress, Snapshot
from trainwatch.present.chart import ColumnCache, loss_chart
from trainwatch.present.layout import Place
from trainwatch.present.look import ASCII, UNICODE, Look
from trainwatch.present.overview import Painter


def chart(shown: Snapshot, look: Look = ASCII, width: int = 80, height: int = 12) -> list[str]:
    """The chart as text."""
    return loss_chart(shown, width, height, look, ColumnCache()).lines()


def test_title_tells_values_gap_and_phase():
    """The rule above the chart names both losses, their gap, the phase and its beginning."""
    top = chart(snapshot(2600))[0]
    assert "o train 0.07946" in top
    assert "x eval 1.077" in top
    assert "gap +0.9973" in top
    assert "/ severe since 2200" in top


def test_best_and_saved_are_marked():
    """The best evaluation and the best checkpoint on disk stand beside the dotted line at the best step."""
    lines = chart(snapshot(2600))
    assert "* best 0.9593 @1600" in lines[1]
    assert "saved checkpoint-1000 (1.073)" in lines[2]
    column = lines[1].index(":")
    assert column == 7 + 1600 * 73 // 4400
    assert lines[10][7 + 1000 * 73 // 4400] == "C"
    assert lines[10][7 + 2000 * 73 // 4400] == "c"


def test_best_not_saved():
    """Where checkpoints are looked for and none holds, that is said; where nobody looks, nothing is claimed."""
    unsaved = replace(snapshot(800), saved_best=None, checkpoints=())
    assert any("best not saved!" in line for line in chart(unsaved))
    bare = replace(unsaved, run=replace(RUN, supervised=False))
    assert not any("saved" in line for line in chart(bare))


def test_labels_do_not_cover_the_curves():
    """A label takes a place where nothing is drawn: every point of the curves is still there."""
    with_marks, without = chart(snapshot(2600)), chart(replace(snapshot(2600), best=None))
    for marked, plain in zip(with_marks[1:10], without[1:10], strict=True):
        assert all(b == a for a, b in zip(plain[7:], marked[7:], strict=True) if a in "ox")


def test_axis_is_fixed_to_the_plan():
    """The right end of the axis is the planned steps, and an earlier point stays in its column while the run goes on."""
    early, late = chart(snapshot(2600)), chart(snapshot(2700))
    assert early[11].rstrip().endswith("4400")
    assert [line[:45] for line in early[3:10]] == [line[:45] for line in late[3:10]]


def test_nan_is_visible():
    """A loss that is not finite is an N on the top edge."""
    series = Series()
    for step, value in enumerate((3.0, 2.5, math.nan, 2.0), 1):
        series.extend([value], step, step)
    shown = Snapshot(RUN, progress=Progress(4, 10), series={"loss": series})
    assert "N" in chart(shown)[1]
    assert "N" in chart(shown, UNICODE)[1]


def test_without_a_loss_it_says_so():
    """An empty chart is a sentence, before and after anything was read."""
    assert any("nothing was printed yet" in line for line in chart(Snapshot(RUN)))
    assert any("read 4.12 KB, 3 records: no loss among them yet" in line for line in chart(Snapshot(RUN, records=3, bytes_read=4120)))


def test_any_size_is_drawn():
    """No size is too small to be drawn into."""
    for width in range(0, 40, 3):
        for height in range(8):
            lines = chart(snapshot(400), UNICODE, width, height)
            assert [len(line) for line in lines] == [width] * height


def test_train_loss_of_evaluations_is_drawn():
    """Where only evaluations print a train loss, that is the train curve."""
    series = {"train_loss": Series(), "eval_loss": Series()}
    for step, value in ((500, 6.67), (1000, 6.75)):
        series["train_loss"].extend([value], step, step)
        series["eval_loss"].extend([value + 0.1], step, step)
    lines = chart(Snapshot(RUN, progress=Progress(1000, 2000), series=series))
    assert "o train 6.75" in lines[0]
    assert "x eval 6.85" in lines[0]
    assert any("o" in line[8:] for line in lines[1:10])


def rewarded(count: int = 300) -> Snapshot:
    """A run of reinforcement learning: the reward goes to 1, the distance from the reference to 0.06."""
    reward, distance = Series(), Series()
    reward.extend([min(i / 200, 1.0) for i in range(1, count + 1)], 1.0, float(count))
    distance.extend([0.0002 * i for i in range(1, count + 1)], 1.0, float(count))
    return Snapshot(RUN, series={"reward": reward, "kl": distance, "loss": distance}, progress=Progress(count, count))


def test_the_main_chart_of_reinforcement_learning_is_its_reward():
    """Reward on the left axis, the distance from the reference on a second one at the right edge, each over its own range."""
    painted = Painter(ASCII)
    places = [Place("chart", 0, 0, 80, 12)]
    lines = painted.panel(places[0], rewarded(), places).lines()

    assert lines[0].startswith("- reward")
    assert "o reward 1" in lines[0]
    assert "x kl 0.06" in lines[0]
    assert [lines[row].split()[-1] for row in (1, 9)] == ["0.06", "0"]
    assert lines[1].split()[0] == "1.0+"
    assert "x" in "".join(lines[1:9])
    assert "o" in "".join(lines[1:9])
    assert painted.panel(places[0], snapshot(2600), places).lines()[0].startswith("- loss")


def accurate(**more: Series) -> Snapshot:
    """A run whose evaluations print an accuracy: best at step 20 of 30."""
    accuracy = Series()
    accuracy.extend([0.5, 0.9, 0.8], 10.0, 30.0)
    return Snapshot(RUN, series={"val/acc": accuracy, **more}, progress=Progress(30, 30), best=Best("val/acc", "max", 0.9, 20, None))


def test_evaluations_that_print_no_loss_are_drawn_too():
    """The metric that the run is judged by stands beside the train loss, on an axis of its own, with its best; alone where there is none."""
    loss = Series()
    loss.extend([9.0, 5.0, 3.0], 10.0, 30.0)
    places = [Place("chart", 0, 0, 80, 12)]
    both = Painter(ASCII).panel(places[0], accurate(loss=loss), places).lines()
    assert both[0].startswith("- loss  o train 3  x acc 0.8 ")
    assert both[1].split()[-1] == "0.9"
    assert any("* best acc 0.9 @20" in line for line in both)
    assert both[3][7 + 20 * 73 // 30] in "ox:"
    alone = Painter(ASCII).panel(places[0], accurate(), places).lines()
    assert alone[0].startswith("- acc  o acc 0.8 ")
    assert any("o" in line[8:] for line in alone[1:10])
