"""When each rule fires on the runs that started this project: the acceptance table, on logs rebuilt from their figures."""

from __future__ import annotations

from functools import cache

import pytest
from tests.rules.records import climbed
from tests.seeds import LOGS, overfit_log

from trainwatch.engine.engine import Engine
from trainwatch.model.facts import FactValue
from trainwatch.model.inputs import CheckpointSeen, Chunk
from trainwatch.model.snapshot import RunInfo
from trainwatch.rules.preset import load

PRETRAINED: dict[str, FactValue] = {"vocab_size": 50257, "pretrained": True, "total_steps": 5000}


@cache
def folded(name: str, preset: str = "full", stated: tuple[tuple[str, FactValue], ...] = ()) -> Engine:
    """A whole log, judged."""
    engine = Engine(load(preset), RunInfo(name, name, ("train.out",)), stated=dict(stated))
    engine.feed(Chunk("train.out", 0, LOGS[name]().encode(), final=True))
    return engine


def ladder(name: str, rule: str, preset: str = "full") -> list[tuple[str, int | None]]:
    """(severity, step) of each time a rule fired."""
    return climbed(folded(name, preset).events, rule)


def outcome(name: str, rule: str) -> str:
    """How a rule stands at the end of the log."""
    return next(s.verdict.outcome for s in folded(name).board.statuses() if s.rule == rule)


OVERFIT = {
    "eval_save_cadence": [("orange", 1)],
    "data_repetition": [("orange", 1)],
    "accumulation_tail": [("yellow", 2)],
    "early_stopping": [("yellow", 50), ("orange", 60)],
    "generalization_loss": [("yellow", 50), ("orange", 60)],
    "train_eval_gap": [("orange", 70)],
    "overfit": [("yellow", 40), ("orange", 50), ("red", 60), ("black", 90)],
    "memorization": [("yellow", 80), ("orange", 90), ("black", 100)],
    "dead_training": [("black", 150)],
    "vanishing_gradient": [("yellow", 160), ("orange", 190)],
    "lr_schedule_mismatch": [("orange", 40)],
    "non_finite": [],
    "loss_definition_mismatch": [],
    "plateau": [],
    "rapid_loss_drop": [],
    "underfitting": [],
    "exploding_gradient": [],
}


@pytest.mark.parametrize("rule", OVERFIT)
def test_the_overfit_run(rule: str) -> None:
    """Each rule fires at the rows of the table, and those that do not belong there are silent."""
    assert ladder("overfit", rule) == OVERFIT[rule]


def test_the_ladder_of_overfit_is_the_same_in_the_quiet_preset() -> None:
    """Yellow, orange, red, black at steps 40, 50, 60 and 90."""
    assert ladder("overfit", "overfit", "default") == OVERFIT["overfit"]


def test_what_is_wrong_with_the_overfit_run_before_it_has_got_anywhere() -> None:
    """A tenth of the evaluations is saved, a patience of 3 would be 15 epochs, 100 epochs over at most 320 samples, 2 micro-batches of 10."""
    whys = {e.rule: e.why for e in folded("overfit").events if e.step in (1, 2)}

    assert "only 10.0 % of the evaluations" in whys["eval_save_cadence"]
    assert "30 steps or 15 epochs" in whys["eval_save_cadence"]
    assert "at most 320 samples" in whys["data_repetition"]
    assert "2 of 10 micro-batches" in whys["accumulation_tail"]
    assert "50.0 % of all steps" in whys["accumulation_tail"]


def test_every_best_of_the_overfit_run_is_missed_by_its_saves() -> None:
    """With the disk looked at and nothing on it, the best is said to be unsaved at steps 10, 20 and 30."""
    engine = Engine(load("full"), RunInfo("s1", "s1", ("train.out",)))
    engine.feed(CheckpointSeen(0.0, "", None, complete=False))
    engine.feed(Chunk("train.out", 0, overfit_log().encode(), final=True))

    assert climbed(engine.events, "best_unsaved") == [("orange", 10), ("orange", 20), ("orange", 30)]


def test_the_distillation_run() -> None:
    """A NaN that the job clamps, a loss of another definition, a learning rate of exactly nothing; no overfitting is seen in one evaluation."""
    assert ladder("distill", "non_finite") == [("yellow", 1118)]
    assert ladder("distill", "loss_definition_mismatch") == [("orange", 2000)]
    assert ladder("distill", "lr_zero") == [("orange", 2065)]
    for rule in ("overfit", "train_eval_gap", "loss_not_decreasing", "throughput_regression", "frozen_eval"):
        assert ladder("distill", rule) == []


def test_the_masked_nan_is_named_with_the_next_record() -> None:
    """The warning belongs to the record that follows it, and the part of the loss is named."""
    event = next(e for e in folded("distill").events if e.rule == "non_finite")

    assert (event.step, event.evidence[0].name) == (1118, "lm_loss")
    assert "the job says that lm_loss was not finite" in event.why


def test_the_parts_of_the_distillation_loss() -> None:
    """41 % of the eval loss is not logged and attention weighs next to nothing: said, and not raised after a single evaluation."""
    status = next(s for s in folded("distill").board.statuses() if s.rule == "loss_component_imbalance")

    assert status.verdict.outcome == "pending"
    assert "41.0 % of it is not logged" in status.verdict.why
    assert "attention weighs 0.029 times" in status.verdict.why


def test_before_the_fix_evaluations_repeat_each_other() -> None:
    """Four equal metrics twice are enough; three records are too few to say that the loss does not fall."""
    assert ladder("distill before", "frozen_eval") == [("orange", 2000)]
    assert ladder("distill before", "loss_not_decreasing") == []
    assert outcome("distill before", "loss_not_decreasing") == "pending"


def test_the_loss_that_drops_to_nothing() -> None:
    """At the second record of 0.005, before any evaluation: no overfitting, but something to look at."""
    assert ladder("drop", "rapid_loss_drop") == [("orange", 215)]
    assert outcome("drop", "overfit") == "pending"
    assert "That is not overfitting" in folded("drop").events[0].why


def test_the_run_that_stands_still() -> None:
    """Both losses rise at step 2000 and come back at 2500: a disturbance. Three evaluations are too few for a plateau."""
    events = [(e.verdict, e.severity.word, e.step) for e in folded("plateau").events if e.rule == "checkpoint_regression"]

    assert events == [("fired", "orange", 2000), ("withdrawn", "orange", 2500)]
    assert outcome("plateau", "plateau") == "pending"
    assert outcome("plateau", "initial_loss_sanity") == "blind"
    assert outcome("plateau", "clip_saturation") == "blind"


def test_the_run_that_stands_still_with_what_its_owner_knows() -> None:
    """With the vocabulary, the length and the origin stated, its losses are too high for a pretrained model."""
    engine = folded("plateau", "full", tuple(PRETRAINED.items()))

    assert climbed(engine.events, "initial_loss_sanity") == [("yellow", 1500)]
    assert climbed(engine.events, "underfitting") == [("yellow", 2500)]


@pytest.mark.parametrize("name", LOGS)
def test_no_seed_but_the_overfit_one_is_stopped(name: str) -> None:
    """The quiet preset asks to stop only the run that overfits."""
    stops = [e.rule for e in folded(name, "default").events if e.action == "stop"]

    assert bool(stops) == (name == "overfit")


@pytest.mark.parametrize("size", [13, 256, 4096])
@pytest.mark.parametrize("name", LOGS)
def test_events_do_not_depend_on_how_the_log_arrives(name: str, size: int) -> None:
    """Every rule says the same of a seed log read at once and of one that arrives in pieces."""
    data, engine = LOGS[name]().encode(), Engine(load("full"), RunInfo(name, name, ("train.out",)))
    for at in range(0, len(data), size):
        engine.feed(Chunk("train.out", at, data[at : at + size]))
    engine.feed(Chunk("train.out", len(data), b"", final=True))

    assert repr(engine.events) == repr(folded(name).events)
    assert repr(engine.board.statuses()) == repr(folded(name).board.statuses())


def test_one_masked_nan_makes_no_run_unstable() -> None:
    """A NaN that the job clamps is a warning; the run is unstable once such values keep coming."""
    assert [p.phase for p in folded("distill").board.phases()] == ["healthy"]
