import math
import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.report.conftest import Overfit, evaluation

from trainwatch.model.inputs import CheckpointSeen
from trainwatch.model.series import Series
from trainwatch.model.snapshot import Best, RunInfo, Snapshot
from trainwatch.report.charts.figure import NARROW, figure, standalone
from trainwatch.report.charts.panel import Panel
from trainwatch.report.compose import compose

SVG = "{http://www.w3.org/2000/svg}"


def series(values: list[float], last: float = 200.0) -> Series:
    """Values from step 1 on."""
    made = Series()
    made.extend(values, 1.0, last)
    return made


def drawn(snapshot: Snapshot, **words: object) -> ET.Element:
    """The picture, parsed."""
    return ET.fromstring(figure(compose(snapshot), **words))  # noqa: S314  our own text


def texts(picture: ET.Element) -> list[str]:
    """Every piece of text shown."""
    return [element.text or "" for element in picture.iter(f"{SVG}text")]


def classes(picture: ET.Element, name: str) -> list[ET.Element]:
    """The elements of a class."""
    return [element for element in picture.iter() if name in element.get("class", "").split()]


@given(st.floats(0, 300), st.floats(-1e6, 1e6), st.booleans())
def test_everything_lies_within_its_panel(step: float, value: float, log: bool):  # noqa: FBT001  drawn
    """Whatever the step and the value, the place is inside the panel; more is higher up and further right."""
    panel = Panel(50, 20, 400, 100, 200, 1e-3 if log else -10.0, 10.0, log)
    assert 50 <= panel.across(step) <= 450
    assert 20 <= panel.up(value) <= 120
    assert panel.up(value) >= panel.up(value + 1)
    assert panel.across(step) <= panel.across(step + 1)


def test_the_run_can_be_read_off(overfit: Overfit):
    """Phases, epochs, the best evaluation, checkpoints and the stop stand in the picture, each with its value."""
    picture = drawn(overfit.snapshot())
    shown = texts(picture)
    assert {"healthy", "severe", "epoch", "step", "train loss", "eval_loss", "best 0.27 @30", "overfit red: stop @60"} <= set(shown)
    assert len(classes(picture, "checkpoint")) == 2 + 1
    assert len(classes(picture, "dot")) == 2 * 20
    x = {name: float(classes(picture, name)[0].get(key, "nan")) for name, key in (("best", "cx"), ("stop", "x1"))}
    assert x["best"] < x["stop"]


def test_every_evaluation_can_be_pointed_at(overfit: Overfit):
    """A stretch for each evaluation, side by side over the whole width, with all its figures."""
    columns = classes(drawn(overfit.snapshot()), "col")
    assert len(columns) == 20
    told = [column.findtext(f"{SVG}title") or "" for column in columns]
    assert told[2].startswith("step 30, epoch 15, train loss 0.1, eval_loss 0.27, lr ")
    hits = [column.find(f"{SVG}rect") for column in columns]
    edges = [(float(hit.get("x", "nan")), float(hit.get("width", "nan"))) for hit in hits if hit is not None]
    assert all(a + w == pytest.approx(b, abs=0.2) for (a, w), (b, _) in pairwise(edges))


def test_a_torn_checkpoint_is_hollow(overfit: Overfit):
    """What is not complete does not look like what is."""
    overfit.saved = ()
    overfit.checkpoints = (CheckpointSeen(0.0, "c-100", 100, complete=False), CheckpointSeen(0.0, "c-200", 200, complete=True))
    picture = drawn(overfit.snapshot())
    assert len(classes(picture, "torn")) == 1


def test_losses_of_different_size_get_an_axis_each(overfit: Overfit):
    """An eval loss that is six times the train loss from the start does not flatten it."""
    overfit.more |= {
        "series": {"loss": series([15.7, 15.6, 15.5])},
        "evaluations": (evaluation(0, 95.9),),
        "best": Best("eval_loss", "min", 95.9, 10, 5.0),
    }
    picture = drawn(overfit.snapshot())
    assert "eval_loss: right axis" in texts(picture)
    assert not any(text.startswith("loss, log") for text in texts(picture))


def test_a_printed_zero_is_not_drawn_as_nothing(overfit: Overfit):
    """On the logarithmic scale a printed 0 lies on the edge, and the panel says below what it is."""
    overfit.more["series"] = {"loss": series([0.5, 0.1, 0.0021, 0.0001, 0.0])}
    assert "a printed 0, below 5e-05, is on the lower edge" in texts(drawn(overfit.snapshot()))


def test_a_million_records_make_a_small_picture(overfit: Overfit):
    """Long series are drawn as a line in the band of their extremes."""
    overfit.more["series"] = {"loss": series([1.0 + math.sin(i / 1000) for i in range(300_000)])}
    text = figure(compose(overfit.snapshot()))
    assert len(text) < 100_000
    assert 'class="band train"' in text


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.floats(), min_size=1, max_size=30),
    st.lists(st.floats(), max_size=12),
    st.lists(st.floats(), max_size=12),
    st.sampled_from([920, NARROW]),
)
def test_any_values_make_a_picture(losses: list[float], values: list[float], norms: list[float], width: int):
    """NaN, infinities, zeros, negative and huge values: the picture is well formed and no coordinate is not a number."""
    evaluations = tuple(evaluation(i, v) for i, v in enumerate(values))
    curves = {"loss": series(losses), "grad_norm": series(norms) if norms else Series(), "learning_rate": series(norms or [0.0])}
    best = Best("eval_loss", "min", values[0], 10, 5.0) if values and math.isfinite(values[0]) else None
    text = figure(compose(Snapshot(RunInfo("i", "n", ("n",)), evaluations=evaluations, best=best, series=curves)), width)
    if text:
        ET.fromstring(text)  # noqa: S314
        assert not re.search(r' (?:x|y|x1|x2|y1|y2|cx|cy|width|height|d)="[^"]*(?:nan|inf)', text)


def test_the_file_stands_alone_and_the_page_brings_its_style(overfit: Overfit):
    """As a file the picture has style and paper; in a page it has none of its own; a PNG needs nothing to point at."""
    report = compose(overfit.snapshot())
    assert "<style>" in standalone(report)
    assert "<style>" not in figure(report)
    assert 'class="col"' not in standalone(report, live=False)
    assert standalone(compose(Snapshot(RunInfo("i", "n", ("n",))))) == ""


def test_evaluations_without_a_step_are_drawn(overfit: Overfit):
    """Where a log prints epochs only, the curve follows what stands for the step."""
    bare = tuple(replace(evaluation(i, 0.5 - i / 100), step=None) for i in range(9))
    overfit.more |= {
        "evaluations": bare,
        "best": Best("eval_loss", "min", 0.42, None, 45.0),
        "series": {"eval_loss": series([0.5 - i / 100 for i in range(9)])},
    }
    assert len(classes(drawn(overfit.snapshot()), "dot")) == 9


def test_a_negative_loss_has_no_logarithm(overfit: Overfit):
    """A loss that goes below zero is drawn once, on a linear scale."""
    overfit.more |= {"series": {"loss": series([1.0, 0.001, -0.5])}, "evaluations": (), "best": None}
    assert not any(text.startswith("loss, log") for text in texts(drawn(overfit.snapshot())))
