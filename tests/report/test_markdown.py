import math
import re
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from tests.report.conftest import Overfit, evaluation, event

from trainwatch.model.facts import Fact
from trainwatch.model.failure import Failure
from trainwatch.model.snapshot import PhaseSpan, RunInfo, Snapshot
from trainwatch.model.verdict import Evidence
from trainwatch.report.compose import compose
from trainwatch.report.markdown import code, plain, to_markdown
from trainwatch.report.sections.timeline import ROWS


def test_every_section_has_its_heading(overfit: Overfit):
    """The sections stand in a fixed order, and the best evaluation is marked in the table."""
    text = to_markdown(compose(overfit.snapshot()))
    assert re.findall(r"^## (.*)$", text, re.MULTILINE) == [
        "Run",
        "Configuration found",
        "Timeline",
        "Phases",
        "Best evaluation and checkpoints",
        "Learning rate",
        "Cost, and what stopping earlier would have saved",
        "Flags, in the order raised",
        "What ended the run",
        "Findings",
        "Not judged",
        "Recommendations",
        "How to go on",
        "Caveats",
    ]
    assert "| 30 | 15 | 0.1 | 0.27 |" in text
    assert text.count("| healthy | best |\n") == 1


def test_an_empty_log_makes_a_short_honest_document():
    """Sections with nothing to say are left out."""
    text = to_markdown(compose(Snapshot(RunInfo("id", "empty.out", ("empty.out",)))))
    assert "## Timeline" not in text
    assert "No metric was found" in text


def test_a_failure_shows_its_line_echoes_and_advice(overfit: Overfit):
    """The cause stands with its place, what only repeats it, and what to do."""
    overfit.more["failure"] = Failure("cuda_oom", "train.out", 120, "CUDA out of memory", 3, echoes=(131, 140), advice="Halve the batch.")
    text = to_markdown(compose(overfit.snapshot()))
    assert "cuda_oom on rank 3 (train.out:120)" in text
    assert "lines 131, 140" in text
    assert "Halve the batch." in text


def test_a_thousand_evaluations_are_thinned(overfit: Overfit):
    """The table stays readable: the first, the last and the best are always there."""
    overfit.more["evaluations"] = tuple(evaluation(i, 0.27 if i == 2 else 0.5 + i / 1000) for i in range(1000))
    text = to_markdown(compose(overfit.snapshot()))
    rows = re.findall(r"^\| (\d+) \| \S+ \| \S+ \| \S+ \| \S+ \| \S+ \|", text, re.MULTILINE)
    assert ROWS <= len(rows) <= ROWS + 2
    assert {"10", "30", "10000"} <= set(rows)


def test_no_log_can_break_the_document(overfit: Overfit):
    """Bars, backticks, tags, newlines and escape sequences from a log stay data."""
    evil = "a|b`c<script>\n# heading\x1b[2J\u202e"
    overfit.facts["output_dir"] = Fact(evil, evil, 3)
    overfit.more["failure"] = Failure("python_exception", evil, 9, evil, advice="x")
    text = to_markdown(compose(overfit.snapshot()))
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "\n# heading" not in text
    assert "<script>" not in re.sub(r"`[^`\n]*`", "", text)


@given(st.text())
def test_a_cell_stays_a_cell(text: str):
    """Whatever the text, escaping leaves no bare bar and no line break."""
    for cell in (plain(text), code(text)):
        assert not re.search(r"(?<!\\)\|", cell.replace("\\\\", ""))
        assert len(cell.splitlines()) <= 1


def test_phases_of_a_log_without_epochs(overfit: Overfit):
    """Where no epoch is printed the table of phases has none, and the phase that still holds lasts until the newest one."""
    overfit.more["phases"] = (PhaseSpan("healthy", 0, None, 30, None, "fell"), PhaseSpan("severe", 30, None, 200, None, "rose"))
    assert "| healthy | 0 to 30 | ? |" in to_markdown(compose(overfit.snapshot()))
    overfit.more["phases"] = (PhaseSpan("healthy", 0, 0.0, None, None, "fell"),)
    assert "| healthy | 0 to 200 | 0 to 100 |" in to_markdown(compose(overfit.snapshot()))


def test_evidence_without_a_value_is_the_line_alone(overfit: Overfit):
    """What the log says in words has no figure: the flag names the line, and no nan."""
    said = replace(
        event(60, "RED", "notify", rule="out_of_memory"), evidence=(Evidence("out_of_memory", math.nan, None, None, "train.out", 1, 26),)
    )
    overfit.more["events"] = (said,)
    assert "| out_of_memory | eval_loss rose until step 60 | train.out:26 |" in to_markdown(compose(overfit.snapshot())).replace("\\_", "_")
