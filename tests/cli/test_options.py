from argparse import Namespace

import pytest

from trainwatch.cli.options import facts_of
from trainwatch.model.errors import UsageError


def stated(*words: str, rules: str = "default") -> dict[str, float | str | bool]:
    """The facts of these words."""
    return facts_of(Namespace(fact=list(words), rules=rules))


def test_a_fact_is_what_its_name_calls_for():
    """Counts are numbers, strategies words, switches true or false; the weight of a part of the loss has the part's own name."""
    assert stated("total_steps=14000", "save_strategy=no", "pretrained=yes", "alpha_kd=0.7") == {
        "total_steps": 14000.0,
        "save_strategy": "no",
        "pretrained": True,
        "alpha_kd": 0.7,
    }


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("total_step=100", "is total_steps meant?"),
        ("gpus=many", "gpus is a number"),
        ("gpus=nan", "gpus is a number"),
        ("greater_is_better=perhaps", "is true or false"),
        ("gpus", "write it as NAME=VALUE"),
    ],
)
def test_a_fact_that_nothing_would_heed_is_refused(word: str, said: str):
    """A misspelt name or a value of another kind is named, with what was probably meant."""
    with pytest.raises(UsageError, match="--fact") as found:
        stated(word)
    assert said in str(found.value)


def test_rules_of_ones_own_may_ask_for_any_fact():
    """A rules file can compare with a fact that only it knows."""
    assert stated("target_length=512", rules="mine.toml") == {"target_length": 512.0}
