import shlex
from dataclasses import replace

from tests.report.conftest import Overfit, event

from trainwatch.model.inputs import CheckpointSeen
from trainwatch.model.snapshot import RunInfo
from trainwatch.report.compose import Report, compose


def way(report: Report, begin: str) -> str:
    """The next step that begins so."""
    return next(w.text + w.command for w in report.ways if w.text.startswith(begin))


def test_a_rule_that_was_withdrawn_advises_nothing(overfit: Overfit):
    """Only what still holds at the end is evidence."""
    held = compose(overfit.snapshot()).advice
    assert any("best ended near the best evaluation" in a.hypothesis for a in held)
    overfit.more["events"] = (event(60, "RED", "stop"), replace(event(70, "RED", "stop"), verdict="withdrawn"))
    assert not any("best ended near" in a.hypothesis for a in compose(overfit.snapshot()).advice)


def test_no_hypothesis_twice(overfit: Overfit):
    """Rule and finding that say the same are one row."""
    advice = compose(overfit.snapshot()).advice
    assert len({a.hypothesis for a in advice}) == len(advice)


def test_the_best_on_disk_is_where_to_go_on(overfit: Overfit):
    """A complete checkpoint wins over none; one that nobody looked at is said to be that; a torn one is never advised."""
    overfit.saved = ()
    overfit.checkpoints = (CheckpointSeen(0.0, "c-30", 30, complete=True), CheckpointSeen(0.0, "c-20", 20, complete=False))
    assert way(compose(overfit.snapshot()), "The best evaluation on disk").endswith("c-30")
    overfit.checkpoints = (CheckpointSeen(0.0, "c-30", 30, complete=False),)
    assert not any(w.command == "c-30" for w in compose(overfit.snapshot()).ways)


def test_what_is_lost_costs_its_time_again(overfit: Overfit):
    """Thirty of two hundred steps at the same pace, and no promise that the best comes back."""
    text = way(compose(overfit.snapshot()), "The weights of the best evaluation")
    assert "about 1 h 45 min, 14.0 GPU-hours" in text
    assert "may give another best" in text


def test_the_next_command_can_be_typed(overfit: Overfit):
    """The run's own command is quoted for a shell, whatever stands in it."""
    command = ("python", "train.py", "--name", "it's; rm -rf *")
    overfit.more["run"] = RunInfo("id", "n", ("n",), command=command)
    typed = shlex.split(next(w.command for w in compose(overfit.snapshot()).ways if w.command.startswith("trainwatch launch")))
    assert tuple(typed[typed.index("--") + 1 :]) == command
    assert "stop=overfit" in typed
