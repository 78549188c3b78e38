import json
from pathlib import Path

import pytest
from tests.seeds import overfit_log

from trainwatch.cli.main import main


@pytest.fixture
def logs(tmp_path: Path) -> list[str]:
    """The overfit run, a better one with another learning rate, and a log without a metric."""
    (tmp_path / "a.out").write_text(overfit_log())
    (tmp_path / "b.out").write_text(overfit_log().replace("learning_rate=0.0002", "learning_rate=0.0001").replace("0.1376", "0.1"))
    (tmp_path / "c.out").write_text("hello\n")
    return [str(tmp_path / name) for name in ("a.out", "b.out", "c.out")]


def test_the_first_run_is_the_reference(logs: list[str], capsys: pytest.CaptureFixture[str]):
    """Best evaluations, their distance to the first run's, phases, cost and the curve at the reference's evaluations."""
    assert main(["compare", *logs, "-f", "json"]) == 0
    streams = capsys.readouterr()
    found = json.loads(streams.out)
    assert [run["best"] for run in found["runs"]] == [0.1376, 0.1, None]
    assert found["runs"][1]["worse"] == pytest.approx((0.1 - 0.1376) / 0.1376)
    assert found["runs"][0]["gpu_hours"] == pytest.approx(93.4, abs=0.1)
    assert [p.split()[0] for p in found["runs"][0]["phases"]] == ["healthy", "divergence", "severe", "memorised", "dead"]
    assert found["config"]["learning_rate"] == [0.0002, 0.0001, None]
    point = next(p for p in found["overlay"] if p["step"] == 30)
    assert point["values"] == [0.1376, 0.1, None]
    assert found["silent"] == ["c"]
    assert "c: no metric" in streams.err


def test_markdown_tells_differences_with_their_sign(logs: list[str], capsys: pytest.CaptureFixture[str]):
    """The overlay shows each value and how far it is from the reference."""
    assert main(["compare", *logs[:2]]) == 0
    out = capsys.readouterr().out
    assert out.startswith("# Comparison\n")
    assert "| 30 | 0.1376 | 0.1 (-27.3 %) |" in out
    assert "| `learning_rate` | `0.0002` | `0.0001` |" in out
    assert "eval_steps" not in out


def test_where_a_run_leaves_the_reference(logs: list[str], capsys: pytest.CaptureFixture[str]):
    """The first run is the expectation: the step from which another one stays worse is told, and a run that only was worse once is not."""
    text = overfit_log()
    for value in ("0.4825", "0.4875", "0.4911", "0.4902", "0.4918"):
        text = text.replace(f"'eval_loss': {value}", f"'eval_loss': {float(value) * 1.1:.4f}")
    Path(logs[1]).write_text(text.replace("'eval_loss': 0.1429", "'eval_loss': 0.2"))
    assert main(["compare", *logs[:2], "-f", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["worse_from"] == [None, 160]
    assert main(["compare", *logs[:2]]) == 0
    assert "b stays worse than a from step 160 on" in capsys.readouterr().out


def test_one_run_is_no_comparison(logs: list[str], capsys: pytest.CaptureFixture[str]):
    """A single word is a usage error."""
    assert main(["compare", logs[0]]) == 2
    assert "at least two" in capsys.readouterr().err


def test_what_else_was_printed_and_what_was_expected(logs: list[str], capsys: pytest.CaptureFixture[str]):
    """The parts of the loss at each best evaluation, the train loss, and what the reference had where a run stands now."""
    rows = ("Eval at step {0}: loss={1}, kd={2}, feature=40.79\n", "step {0}: loss 20.5\n")
    for log, end, scale in zip(logs[:2], (3000, 2000), (1.0, 0.5), strict=True):
        steps = range(1000, end + 1, 1000)
        Path(log).write_text("".join(rows[0].format(s, 100 * scale - s / 1000, 20 * scale) + rows[1].format(s) for s in steps))
    assert main(["compare", *logs[:2], "-f", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["runs"][1]["last"], found["runs"][1]["expected"]) == (48.0, 98.0)
    assert found["beside"]["kd"] == [20.0, 10.0]
    assert [p["values"] for p in found["train_overlay"]] == [[20.5, 20.5], [20.5, 20.5], [20.5, None]]
    assert main(["compare", *logs[:2]]) == 0
    assert "| `kd` | 20 | 10 (-50.0 %) |" in capsys.readouterr().out


def test_the_page_holds_every_curve_and_needs_nothing(logs: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """-o a.html writes one page with a line a run in either panel, values to be read at every step, no script and nothing from outside."""
    page = tmp_path / "both.html"
    assert main(["compare", *logs[:2], "-o", str(page)]) == 0
    text = page.read_text()
    assert text.count('class="line run0"') == text.count('class="line run1"') == 2 * 3
    assert "eval_loss at step 30, a 0.1376, b 0.1" in text
    assert "<script" not in text
    assert "http" not in text.replace("http://www.w3.org/2000/svg", "").replace("http-equiv", "")
    assert "comparison written" in capsys.readouterr().err


def test_runs_of_one_name_are_told_apart_by_their_folders(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """A sweep is run0 and run1, not two long paths that end alike."""
    for name in ("run0", "run1"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "train.out").write_text(overfit_log())
    assert main(["compare", *(str(tmp_path / name / "train.out") for name in ("run0", "run1")), "-f", "json"]) == 0
    assert [run["name"] for run in json.loads(capsys.readouterr().out)["runs"]] == ["run0", "run1"]


def test_evaluations_without_a_step_have_an_axis_of_their_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """Where evaluations print epochs only they are counted, and not drawn as if they were the first steps."""
    record, evaluation = "{{'loss': {0}, 'learning_rate': 0.1, 'epoch': {1}}}\n", "{{'eval_loss': {0}, 'epoch': {1}}}\n"
    lines = [record.format(3 - i / 100, i / 50) + (evaluation.format(3 - i / 100, i / 50) if i % 50 == 0 else "") for i in range(1, 201)]
    logs = [tmp_path / name for name in ("a.out", "b.out")]
    for log in logs:
        log.write_text("".join(lines))
    assert main(["compare", *map(str, logs), "-f", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["counted"] == "evaluation"
    assert [p["step"] for p in found["overlay"]] == [1, 2, 3, 4]
    assert main(["compare", *map(str, logs), "-f", "html"]) == 0
    assert "eval_loss at evaluation 2, a 2, b 2" in capsys.readouterr().out
