import os
from pathlib import Path

import pytest
from tests.checkpoints import samples

from trainwatch.cli.main import main


def test_the_newest_whole_checkpoint_is_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """A newer one that is torn is named on stderr and passed over."""
    for at, step in enumerate((100, 200, 300)):
        folder = samples.hf(tmp_path, step)
        for file in folder.iterdir():
            os.utime(file, (1e9 + at, 1e9 + at))
    (tmp_path / "checkpoint-300" / "model.safetensors").write_bytes(b"\x10")
    os.utime(tmp_path / "checkpoint-300" / "model.safetensors", (1e9 + 3, 1e9 + 3))
    assert main(["latest", str(tmp_path)]) == 0
    out, err = capsys.readouterr()
    assert out == f"{tmp_path / 'checkpoint-200'}\n"
    assert "checkpoint-300: not complete" in err


def test_without_a_whole_checkpoint_the_code_is_three(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """A script sees by the exit code that there is none, or no folder; stdout stays empty."""
    assert main(["latest", str(tmp_path)]) == 3
    assert main(["latest", str(tmp_path / "no")]) == 3
    (tmp_path / "checkpoint-5").mkdir()
    (tmp_path / "checkpoint-5" / "model.safetensors").write_bytes(b"\x10")
    assert main(["latest", str(tmp_path)]) == 3
    out, err = capsys.readouterr()
    assert out == ""
    assert "no checkpoint below it" in err
    assert "no such folder" in err
    assert "none of 1" in err
