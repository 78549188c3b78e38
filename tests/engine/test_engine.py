from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.seeds import overfit_log

from trainwatch.engine.engine import Engine
from trainwatch.model.inputs import Chunk, Tick
from trainwatch.model.snapshot import RunInfo
from trainwatch.rules.preset import load

LOG = overfit_log().encode()


def folded(edges: list[int], seen_at: float = float("nan"), preset: str = "full") -> Engine:
    """The run folded in chunks that end at the given bytes."""
    engine = Engine(load(preset), RunInfo("s1", "s1", ("train.out",)))
    for a, b in pairwise(sorted({0, *edges, len(LOG)})):
        engine.feed(Chunk("train.out", a, LOG[a:b], seen_at, final=b == len(LOG)))
    return engine


WHOLE = folded([]).snapshot()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, len(LOG)), max_size=40))
def test_decisions_do_not_depend_on_the_chunking(edges: list[int]) -> None:
    """Events with their evidence, evaluations and phases are the same however the bytes are cut."""
    cut = folded(edges).snapshot()

    assert repr(WHOLE.events) == repr(cut.events)
    assert repr(WHOLE.evaluations) == repr(cut.evaluations)
    assert WHOLE.phases == cut.phases
    assert WHOLE.best == cut.best


def test_decisions_do_not_depend_on_single_bytes() -> None:
    """A byte at a time gives the same decisions as all at once."""
    assert repr(WHOLE.events) == repr(folded(list(range(len(LOG)))).snapshot().events)


def test_the_run_that_started_this_project_is_judged_as_its_owners_judged_it() -> None:
    """Overfit climbs yellow, orange, red, black at steps 40, 50, 60, 90; the best evaluation is 0.1376 at step 30."""
    climbed = [(e.severity.word, e.step) for e in WHOLE.events if e.rule == "overfit" and e.verdict == "fired"]

    assert climbed == [("yellow", 40), ("orange", 50), ("red", 60), ("black", 90)]
    assert WHOLE.best is not None
    assert (WHOLE.best.value, WHOLE.best.step) == (0.1376, 30)


def test_curves_without_steps_share_one_axis() -> None:
    """Where a log counts in epochs only, an evaluation stands among the train records it was printed between."""
    records = ["".join(f"{{'loss': {2 - n / 100}, 'epoch': {n / 10}}}\n" for n in range(k, k + 10)) for k in range(1, 50, 10)]
    log = "".join(f"{text}{{'eval_loss': {2.5 - i / 10}, 'epoch': {i + 1.0}}}\n" for i, text in enumerate(records)).encode()
    engine = Engine(load("default"), RunInfo("r", "r", ("train.out",)))
    engine.feed(Chunk("train.out", 0, log, float("nan"), final=True))
    evals, train = engine.curves.series["eval_loss"], engine.curves.series["loss"]

    assert [evals.step_at(i) for i in range(5)] == [11, 22, 33, 44, 55]
    assert [train.step_at(i) for i in (0, 9, 10, 49)] == [1, 10, 12, 54]


def test_every_line_of_evidence_can_be_looked_up() -> None:
    """The line that a piece of evidence names holds its value."""
    lines = LOG.decode().split("\n")
    looked_up = 0
    for event in WHOLE.events:
        for piece in event.evidence:
            if piece.line and not piece.name.startswith("median"):
                assert f"{piece.value:g}" in lines[piece.line - 1].replace("0.0,", "0,")
                looked_up += 1

    assert looked_up > 5


def test_phases_start_where_the_run_changed() -> None:
    """Healthy, divergence, severe, memorised and dead start at epochs 0, 15, 25, 45 and 70."""
    assert [(span.phase, span.epoch_start or 0) for span in WHOLE.phases] == [
        ("healthy", 0),
        ("divergence", 15),
        ("severe", 25),
        ("memorised", 45),
        ("dead", 70),
    ]


def test_a_rule_without_its_input_says_blind() -> None:
    """On a bare log the rules that need arrival times or checkpoints are blind, and say what they need."""
    blind = {status.rule: status.needs for status in WHOLE.rules if status.verdict.outcome == "blind"}

    assert {"hang", "best_unsaved"} <= set(blind)
    assert all(blind.values())


def test_ticks_alone_decide_nothing() -> None:
    """A run that has not printed anything raises nothing in its first minutes."""
    engine = Engine(load("default"), RunInfo("s1", "s1", ("train.out",)))

    assert [event for now in range(300) for event in engine.feed(Tick(float(now)))] == []


@settings(max_examples=30, deadline=None)
@given(st.sampled_from(["utf-16-le", "utf-16-be"]), st.lists(st.integers(1, 500), max_size=5))
def test_what_ended_a_job_whose_log_is_utf16(codec: str, edges: list[int]) -> None:
    """The cause is found on its line behind the last record, as in UTF-8, however the bytes are cut."""
    text = (
        "\ufeff" + "{'loss': 1.25, 'epoch': 0.5}\n" * 9 + "é\ntorch.cuda.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB\n"
    )
    data, engine = text.encode(codec), Engine(load("off"), RunInfo("t", "t", ("t.out",)))
    for a, b in pairwise(sorted({0, *edges, len(data)})):
        engine.feed(Chunk("t.out", a, data[a:b], final=b == len(data)))
    failure = engine.snapshot().failure
    assert failure is not None
    assert (failure.kind, failure.line) == ("cuda_oom", 11)
