from dataclasses import replace

from tests.report.conftest import Overfit, evaluation

from trainwatch.report.compose import compose
from trainwatch.report.markdown import to_markdown


def test_each_patience_ends_the_run_where_it_runs_out(overfit: Overfit) -> None:
    """The best is at step 30: one evaluation later is step 40, three are step 60, ten are step 130."""
    rows = {p.patience: p for p in compose(overfit.snapshot()).patience}
    assert [rows[n].step for n in (1, 2, 3, 5, 10)] == [40, 50, 60, 80, 130]
    assert rows[3].best == 0.27
    assert (rows[3].behind, rows[3].saved) == (0.0, 0.7)


def test_an_early_end_costs_what_came_later(overfit: Overfit) -> None:
    """A patience that runs out before the best is told with its distance to it."""
    overfit.more["evaluations"] = tuple(evaluation(i, v) for i, v in enumerate((0.5, 0.52, 0.51, 0.4, 0.27, 0.26)))
    overfit.more["best"] = replace(overfit.snapshot().best, value=0.26, step=60, epoch=30.0)
    rows = {p.patience: p for p in compose(overfit.snapshot()).patience}
    assert (rows[1].step, rows[1].best, round(rows[1].behind, 2)) == (20, 0.5, 0.92)
    assert rows[3].best is None
    assert "would not have ended it" in to_markdown(compose(overfit.snapshot()))


def test_a_run_that_no_patience_ends_has_no_table(overfit: Overfit) -> None:
    """Falling evaluations, or too few of them, say nothing about patience."""
    overfit.more["evaluations"] = tuple(evaluation(i, v) for i, v in enumerate((0.5, 0.4, 0.3, 0.27)))
    assert compose(overfit.snapshot()).patience == ()
    overfit.more["evaluations"] = tuple(evaluation(i, v) for i, v in enumerate((0.27, 0.3, 0.4)))
    assert compose(overfit.snapshot()).patience == ()
