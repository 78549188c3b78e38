import json
import os
import sys
import threading
from pathlib import Path

import pytest
from tests.checkpoints import samples
from tests.seeds import overfit_log

from trainwatch.cli.main import main

RECORD = "{{'loss': {loss}, 'grad_norm': 0.5, 'learning_rate': 0.0001, 'epoch': {epoch}}}\n"
EVAL = "{{'eval_loss': {loss}, 'epoch': {epoch}}}\n"


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A log of ten evaluations, the third of which is the best, and a death by memory."""
    lines = ["world_size = 2\n", "total_steps = 20\n"]
    for i in range(10):
        bar = f"\r {10 * i}%|#    | {2 * i + 2}/20 [00:{2 * i:02d}<00:20,  1.00it/s]\n"
        lines += [
            bar,
            RECORD.format(loss=round(1.0 - i / 20, 3), epoch=i + 1.0),
            EVAL.format(loss=round(abs(2 - i) / 10 + 1.1, 3), epoch=i + 1.0),
        ]
    path = tmp_path / "train.out"
    path.write_text("".join(lines) + "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB.\n")
    return path


def test_the_report_goes_to_standard_output(log: Path, capsys: pytest.CaptureFixture[str]):
    """By default the report is Markdown on standard output, and nothing else is."""
    assert main(["report", str(log)]) == 0
    out = capsys.readouterr().out
    assert out.startswith("# train\n")
    assert "cuda\\_oom" not in out
    assert "cuda_oom (train.out:33)" in out


def test_the_report_as_json(log: Path, capsys: pytest.CaptureFixture[str]):
    """With -f json the whole document is one JSON object."""
    assert main(["report", str(log), "-f", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["best"]["value"] == pytest.approx(1.1)
    assert document["failure"]["line"] == 33
    assert document["run"]["sources"] == [str(log)]


def test_a_stated_fact_enters_the_cost(log: Path, capsys: pytest.CaptureFixture[str]):
    """`--fact gpus=8` says what the log does not."""
    assert main(["report", str(log), "-f", "json", "--fact", "gpus=8"]) == 0
    cost = json.loads(capsys.readouterr().out)["cost"]
    assert cost["gpus"] == 8
    assert "--fact" in cost["assumption"]


def test_the_report_is_written_to_a_file(log: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """With -o the document is in the file, and the place is said on stderr."""
    target = tmp_path / "report.md"
    assert main(["report", str(log), "-o", str(target)]) == 0
    assert target.read_text(encoding="utf-8").startswith("# train\n")
    streams = capsys.readouterr()
    assert streams.out == ""
    assert str(target) in streams.err


def test_a_file_that_cannot_be_written(log: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """A folder that is not there, or a place that cannot be written, is named without a traceback."""
    assert main(["report", str(log), "-o", str(tmp_path / "no" / "report.md")]) == 3
    assert "no folder" in capsys.readouterr().err
    assert main(["report", str(log), "-o", str(tmp_path)]) == 125
    assert str(tmp_path) in capsys.readouterr().err


def test_why_prints_five_sentences(log: Path, capsys: pytest.CaptureFixture[str]):
    """`why` is the summary of the report and nothing else."""
    assert main(["why", str(log)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 5
    assert lines[-1].startswith("It ended with cuda_oom")


def test_a_log_that_is_being_written_has_not_ended(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """While a process has the log open for writing, its run goes on; when none has, the log is all there is."""
    log = tmp_path / "train.out"
    log.write_text(overfit_log())
    with log.open("a"):
        assert main(["why", str(log)]) == 0
        assert capsys.readouterr().out.endswith("It has not ended.\n")
        assert main(["status", str(log)]) == 0
        assert "state     running, nobody supervises it\n" in capsys.readouterr().out
    assert main(["why", str(log)]) == 0
    assert "It has not ended." not in capsys.readouterr().out


@pytest.mark.parametrize("verb", ["report", "why"])
def test_a_log_without_a_metric_is_no_error(verb: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """A log in which nothing is found ends with 0 and a sentence on stderr."""
    path = tmp_path / "train.out"
    path.write_text("hello\n")
    assert main([verb, str(path)]) == 0
    assert "no metric" in capsys.readouterr().err


def test_the_run_that_started_this_project(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """The report finds what the authors of its analysis found by hand, and does not repeat their mistakes of arithmetic."""
    path = tmp_path / "train_v4_7471.out"
    saved = "".join(f"[INFO|trainer.py:3503] >> Saving model checkpoint to out/checkpoint-{step}\n" for step in (100, 200))
    path.write_text(overfit_log() + saved)
    assert main(["report", str(path), "-f", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert [p["epoch_start"] for p in document["phases"]] == [0.0, 15.0, 25.0, 45.0, 70.0]
    assert [p["phase"] for p in document["phases"]] == ["healthy", "divergence", "severe", "memorised", "dead"]
    assert (document["best"]["value"], document["best"]["step"]) == (0.1376, 30)
    assert {"best_unsaved", "after_best", "eval_save_cadence", "lr_schedule_mismatch"} <= {f["finding"] for f in document["findings"]}
    ladder = [(c["severity"], c["step"], round(c["share"], 2)) for c in document["counterfactuals"] if c["rule"] == "overfit"]
    assert ladder == [("yellow", 40, 0.8), ("orange", 50, 0.75), ("red", 60, 0.7), ("black", 90, 0.55)]
    assert [(c["step"], c["metric_value"], c["complete"]) for c in document["checkpoints"]] == [(100, 0.3899, None), (200, 0.4918, None)]
    assert document["cost"]["gpu_hours"] == pytest.approx(93.4, abs=0.1)
    assert document["failure"] is None


def test_the_picture_as_svg_and_png(log: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """--plot alone writes only the picture; its name says how it is drawn."""
    for name, begin in (("a.svg", b"<svg"), ("a.png", b"\x89PNG")):
        assert main(["report", str(log), "--plot", str(tmp_path / name)]) == 0
        assert (tmp_path / name).read_bytes().startswith(begin)
    streams = capsys.readouterr()
    assert streams.out == ""
    assert "picture written to" in streams.err


def test_a_png_without_the_extra(log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """What is missing is named, with what to install and what works without; nothing is written."""
    monkeypatch.setitem(sys.modules, "cairosvg", None)
    assert main(["report", str(log), "--plot", str(tmp_path / "a.png")]) == 2
    assert "pip install cairosvg" in capsys.readouterr().err
    assert not (tmp_path / "a.png").exists()


def test_what_cannot_be_drawn(log: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """Another kind of picture, and a log with nothing in it, are errors with a sentence."""
    assert main(["report", str(log), "--plot", "a.gif"]) == 2
    (tmp_path / "empty.out").write_text("hello\n")
    assert main(["report", str(tmp_path / "empty.out"), "--plot", str(tmp_path / "a.svg")]) == 2
    assert "nothing to draw" in capsys.readouterr().err


def test_the_name_of_the_file_tells_the_form(log: Path, tmp_path: Path):
    """-o report.html is a page without -f html; -f wins over the name."""
    for name, words, begin in (
        ("r.html", [], "<!doctype"),
        ("r.json", [], "{"),
        ("r.txt", [], "# train"),
        ("x.html", ["-f", "md"], "# train"),
    ):
        assert main(["report", str(log), "-o", str(tmp_path / name), *words]) == 0
        assert (tmp_path / name).read_text(encoding="utf-8").startswith(begin)


def test_checkpoints_that_are_there_are_looked_at(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """The log names two; the whole one is complete, the torn one is not, and the report says which to use."""
    path = tmp_path / "train.out"
    saved = "".join(f"[INFO|trainer.py:3503] >> Saving model checkpoint to out/checkpoint-{step}\n" for step in (100, 200))
    path.write_text(overfit_log() + saved)
    samples.hf(tmp_path / "out", 100)
    samples.hf(tmp_path / "out", 200)
    (tmp_path / "out" / "checkpoint-200" / "model.safetensors").write_bytes(b"\x10")
    assert main(["report", str(path), "-f", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert [(c["step"], c["complete"]) for c in document["checkpoints"]] == [(100, True), (200, False)]
    assert document["ways"][0]["command"].endswith("out/checkpoint-100")


def test_a_report_is_not_written_under_a_foreign_name(log: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """Markdown in a file called .pdf helps nobody: an ending that names no form is refused unless -f says one."""
    assert main(["report", str(log), "-o", str(tmp_path / "report.pdf")]) == 2
    assert "a report is an .md, .txt, .html or .json" in capsys.readouterr().err
    assert not (tmp_path / "report.pdf").exists()
    assert main(["report", str(log), "-f", "md", "-o", str(tmp_path / "report.pdf")]) == 0
    assert main(["report", str(log), "-o", str(tmp_path / "report.htm")]) == 0
    assert (tmp_path / "report.htm").read_text(encoding="utf-8").startswith("<!doctype html>")


def test_a_log_is_read_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """A pipe can be read only once: its report holds what rules outside the preset find, all the same."""
    fifo = tmp_path / "train.fifo"
    os.mkfifo(fifo)
    writer = threading.Thread(target=fifo.write_text, args=(overfit_log(),))
    writer.start()
    assert main(["report", str(fifo), "-f", "json"]) == 0
    writer.join()
    document = json.loads(capsys.readouterr().out)
    assert {"early_stopping", "accumulation_tail"} <= {f["finding"] for f in document["findings"]}
    assert not {"early_stopping", "accumulation_tail"} & {e["rule"] for e in document["events"]}
