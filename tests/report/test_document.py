import json

from tests.report.conftest import Overfit, evaluation

from trainwatch.model.failure import Failure
from trainwatch.model.series import Series
from trainwatch.model.snapshot import RunInfo, Snapshot
from trainwatch.report.compose import compose
from trainwatch.report.document import to_json

KEYS = {
    "run": (),
    "config": (),
    "phases": ("phase", "step_start", "epoch_start", "step_end", "epoch_end", "why"),
    "events": ("rule", "severity", "verdict", "step", "epoch", "source", "line", "evidence", "why"),
    "findings": (),
    "best": ("metric", "value", "step", "epoch"),
    "checkpoints": ("path", "step", "metric_value", "complete"),
    "lr": ("configured", "fitted", "mismatch"),
    "cost": ("hours", "gpus", "gpu_hours", "assumption"),
    "counterfactuals": ("rule", "severity", "step", "saved_hours", "saved_gpu_hours", "best_seen", "best_on_disk"),
    "failure": ("kind", "source", "line", "text", "rank", "provable", "echoes", "advice"),
    "blind": ("rule", "needs"),
    "caveats": (),
}


def read(snapshot: Snapshot) -> dict:
    """The document as another program reads it, refusing what strict JSON does not know."""

    def refuse(word: str) -> float:
        raise AssertionError(word)

    return json.loads(to_json(compose(snapshot)), parse_constant=refuse)


def test_the_contract_holds_every_key(overfit: Overfit):
    """Every key that other programs rely on is there, in objects and in the rows of lists."""
    overfit.more["failure"] = Failure("cuda_oom", "train.out", 120, "CUDA out of memory")
    document = read(overfit.snapshot())
    for key, inner in KEYS.items():
        rows = document[key] if isinstance(document[key], list) else [document[key]]
        assert rows, key
        for row in rows:
            assert set(inner) <= set(row if isinstance(row, dict) else ()), key


def test_an_empty_run_is_null_and_not_wrong():
    """A log in which nothing was found gives every key, with null or empty values."""
    document = read(Snapshot(RunInfo("id", "empty.out", ("empty.out",))))
    assert set(KEYS) <= set(document)
    assert document["best"] is None
    assert document["failure"] is None
    assert document["lr"] == {"configured": None, "printed": None, "fitted": None, "mismatch": None}
    assert (document["cost"]["hours"], document["cost"]["gpu_hours"]) == (None, None)


def test_values_that_are_not_finite_are_words(overfit: Overfit):
    """NaN and infinities are the strings of the contract, never literals that JSON does not know."""
    loss = Series()
    loss.extend([float("nan"), 1.0, float("-inf")], 1, 3)
    overfit.more["series"] = {"loss": loss}
    overfit.more["evaluations"] = (evaluation(0, float("nan")), evaluation(1, float("inf")))
    rows = read(overfit.snapshot())["evaluations"]
    assert [row["value"] for row in rows] == ["nan", "inf"]


def test_events_keep_the_order_in_which_they_were_raised(overfit: Overfit):
    """The report lists events as they were raised live, with their evidence."""
    events = read(overfit.snapshot())["events"]
    assert [(e["severity"], e["step"]) for e in events] == [("yellow", 40), ("orange", 50), ("red", 60), ("black", 90)]
    assert events[0]["evidence"][0]["line"] == 24


def test_equal_snapshots_give_equal_bytes(overfit: Overfit):
    """The report is deterministic."""
    assert to_json(compose(overfit.snapshot())) == to_json(compose(Overfit().snapshot()))


def test_what_the_page_says_the_document_says(overfit: Overfit):
    """Phases with their figures, gradient, waste, hypotheses and next steps are figures for programs too."""
    document = read(overfit.snapshot())
    assert {"hours", "share", "train", "value", "rate", "gradient"} <= set(document["phases"][0])
    assert document["waste"]["steps"] == 170
    assert set(document["recommendations"][0]) == {"hypothesis", "evidence", "test"}
    assert {"text", "command"} == set(document["ways"][0])
    assert {"gradient", "components", "pending"} <= set(document)
