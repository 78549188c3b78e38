from __future__ import annotations

import json
from pathlib import Path

import pytest

from trainwatch.cli.main import main
from trainwatch.formats.catalog import READERS, builtin, source_of

BAD = 'name = "bad"\nabout = "x"\nspeed = 1\n[[shape]]\ntext = "<a> b"\nkind = "train"\n'
WRONG = """
name = "wrong"
about = "a sample that does not hold"
[[shape]]
text = "now <step>: <loss>"
kind = "train"
[[sample]]
text = "now 3: 0.5\\n"
[[sample.record]]
kind = "train"
step = 4
"""


def test_list_names_every_format(capsys: pytest.CaptureFixture[str]) -> None:
    """Files and coded readers alike, each with a sentence."""
    assert main(["formats", "list"]) == 0
    words = {line.split()[0] for line in capsys.readouterr().out.splitlines()}
    assert words == {fmt.name for fmt in builtin()} | set(READERS)


def test_show_prints_the_file(capsys: pytest.CaptureFixture[str]) -> None:
    """The file itself, to be copied and changed."""
    assert main(["formats", "show", "nanogpt"]) == 0
    assert capsys.readouterr().out == source_of("nanogpt")
    assert main(["formats", "show", "generic"]) == 0
    assert main(["formats", "show", "nonsense"]) == 2


def test_check_names_every_mistake(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """File and key of each, exit code 2."""
    path = tmp_path / "bad.toml"
    path.write_text(BAD)
    assert main(["formats", "check", str(path)]) == 2
    told = capsys.readouterr().err
    assert all(part in told for part in (str(path), "speed", "shape[0].text", "sample"))
    assert main(["formats", "check", str(tmp_path / "absent.toml")]) == 3


def test_check_runs_the_samples(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file whose sample does not hold is a file with a mistake; one that holds ends with 0."""
    path = tmp_path / "wrong.toml"
    path.write_text(WRONG)
    assert main(["formats", "check", str(path)]) == 2
    assert "step: 3, expected 4" in capsys.readouterr().err
    path.write_text(WRONG.replace("step = 4", "step = 3"))
    assert main(["formats", "check", str(path)]) == 0


def test_test_runs_every_sample(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """All built-in samples hold; a user's format that does not ends with 1."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert main(["formats", "test"]) == 0
    assert "0 failures" in capsys.readouterr().out
    (tmp_path / "trainwatch" / "formats").mkdir(parents=True)
    (tmp_path / "trainwatch" / "formats" / "wrong.toml").write_text(WRONG)
    assert main(["formats", "test"]) == 1
    assert "wrong.toml" in capsys.readouterr().out


def test_test_of_a_log_says_what_is_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Records by format and kind, and the configuration with its line."""
    log = tmp_path / "train.log"
    log.write_text("learning_rate = 0.1\niter 1: loss 2.0, time 1.0ms, mfu 3.0%\niter 2: loss 2.0, time 1.0ms, mfu 3.0%\n")
    assert main(["formats", "test", str(log)]) == 0
    out = capsys.readouterr().out
    assert out.splitlines()[0].split() == ["nanogpt", "train", "2"]
    assert f"fact learning_rate = 0.1  ({log}:1)" in out


def test_new_proposes_a_file_that_holds(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Printed, or written and checked; a file that is there is not overwritten, and a log without records is an error."""
    log, file = tmp_path / "x.log", tmp_path / "mine.toml"
    log.write_text("".join(f"<<< {step} loss {1 / step:.3f}\n" for step in range(1, 9)))
    assert main(["formats", "new", "mine", str(log)]) == 0
    assert 'text = "<<< <step> loss <loss>"' in capsys.readouterr().out
    assert main(["formats", "new", "mine", str(log), "-o", str(file)]) == 0
    assert capsys.readouterr().out.endswith("1 shapes, 2 samples, all as expected\n")
    assert main(["formats", "new", "mine", str(log), "-o", str(file)]) == 125
    log.write_text("nothing\n")
    assert main(["formats", "new", "mine", str(log)]) == 2
    assert "nothing to propose" in capsys.readouterr().err


def test_mistakes_have_lines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """File, line and key of every mistake, of a file that is no TOML, and of a sample that does not hold."""
    path = tmp_path / "bad.toml"
    path.write_text(BAD)
    assert main(["formats", "check", str(path)]) == 2
    told = capsys.readouterr().err
    assert f"{path}:3: speed" in told
    assert f"{path}:5: shape[0].text" in told
    path.write_text("name = \n")
    assert main(["formats", "check", str(path)]) == 2
    assert f"{path}:1: not TOML" in capsys.readouterr().err
    path.write_text(WRONG)
    assert main(["formats", "check", str(path)]) == 2
    assert f"{path}:11: sample[0].record[0].step: 3, expected 4" in capsys.readouterr().err


@pytest.fixture
def proposed(tmp_path: Path) -> tuple[Path, Path]:
    """A log that no built-in format names, and the file that `formats new` wrote for it, in a folder that is not the user's formats."""
    log, file = tmp_path / "x.log", tmp_path / "mine.toml"
    log.write_text("".join(f"<<< {step} loss {1 / step:.3f}\n" for step in range(1, 9)))
    assert main(["formats", "new", "mine", str(log), "-o", str(file)]) == 0
    return log, file


def test_a_format_file_is_used_where_it_lies(
    proposed: tuple[Path, Path], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What `formats new` writes can be given to `--formats` of any verb as it is, by a path from here or from the root."""
    log, file = proposed
    monkeypatch.chdir(file.parent)
    capsys.readouterr()
    for word in ("mine.toml", "./mine.toml", str(file), f"nanogpt,{file}"):
        assert main(["export", str(log), "--formats", word]) == 0
        told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        assert [(item["format"], item["step"]) for item in told] == [("mine", step) for step in range(1, 9)]
    assert main(["check", str(log), "--formats", "mine.toml"]) == 0
    assert main(["report", str(log), "-f", "json", "--formats", "mine.toml"]) == 0
    assert main(["attach", "--plain", str(log), "--formats", "mine.toml"]) == 0


def test_test_reads_with_a_format_file(proposed: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    """A log is read with the formats that are named, and without a log only their samples are run."""
    log, file = proposed
    capsys.readouterr()
    assert main(["formats", "test", str(log), "--formats", str(file)]) == 0
    assert capsys.readouterr().out.split() == ["mine", "train", "8"]
    assert main(["formats", "test", "--formats", str(file)]) == 0
    assert capsys.readouterr().out == "1 formats, 2 samples, 0 failures\n"
    file.write_text(WRONG)
    assert main(["formats", "test", "--formats", f"{file},nanogpt"]) == 1
    assert f"{file}:11: sample[0].record[0].step: 3, expected 4" in capsys.readouterr().out


def test_a_format_file_with_mistakes_is_refused(proposed: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    """File, line and key of each mistake; a file that is not there is told from a name that does not exist."""
    log, file = proposed
    file.write_text(BAD)
    assert main(["export", str(log), "--formats", str(file)]) == 2
    told = capsys.readouterr().err
    assert f"{file}:3: speed" in told
    assert f"{file}:5: shape[0].text" in told
    assert main(["export", str(log), "--formats", "absent.toml"]) == 3
    assert "absent.toml: no such format file" in capsys.readouterr().err
    assert main(["export", str(log), "--formats", "absent"]) == 2
    assert "there is no format 'absent'; give the path of a format file" in capsys.readouterr().err
