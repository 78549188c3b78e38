from __future__ import annotations

import pytest
from tests.formats.reading import read, values


@pytest.mark.parametrize(
    ("text", "expect"),
    [
        ("[3]\ttrain-rmse:0.75\teval-rmse:0.5\n", [("train", 3, 0.75), ("eval", 3, 0.5)]),
        ("[0]\tvalidation_0-logloss:0.75\tvalidation_1-logloss:0.5\n", [("train", 0, 0.75), ("eval", 0, 0.5)]),
        ("[0]\tvalidation_0-logloss:0.75\n", [("eval", 0, 0.75)]),
        ("[20]\tvalid's binary_logloss: 0.5333               \n", [("eval", 20, 0.5333)]),
        ("[10]\ttraining's l2: 0.25\tvalid_1's l2: 0.5\n", [("train", 10, 0.25), ("eval", 10, 0.5)]),
        ("10:\tlearn: 0.25\ttest: 0.5\tbest: 0.375 (9)\ttotal: 1s\tremaining: 5s\n", [("train", 10, 0.25), ("eval", 10, 0.5)]),
        ("[7]\teval-auc:0.875\n", [("eval", 7, None)]),
    ],
)
def test_iterations_of_boosting_are_read(text: str, expect: list[tuple[object, ...]]) -> None:
    """The set that is trained on makes a train record, every other one an evaluation; a score that should rise is no loss."""
    found = [
        (record[0], record[4], values(record).get("loss") if record[0] == "train" else values(record).get("eval_loss"))
        for record in read(text)
    ]
    assert found == expect


def test_what_a_booster_says_of_itself_is_no_record() -> None:
    """Its configuration and its notices have no iteration in front."""
    assert read("[LightGBM] [Info] Total Bins 255\nlearning_rate: 0.16\nStopping. Best iteration:\n") == []
