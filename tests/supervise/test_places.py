import shlex
from pathlib import Path

import pytest

from trainwatch.supervise.places import named, outputs, within, working_directories


def test_links_do_not_lead_out(tmp_path: Path) -> None:
    """What counts is where a path really lies; a known folder may itself be a link."""
    (tmp_path / "scratch/out/checkpoint-1").mkdir(parents=True)
    (tmp_path / "other").mkdir()
    (tmp_path / "out").symlink_to(tmp_path / "scratch/out")
    (tmp_path / "scratch/out/checkpoint-2").symlink_to(tmp_path / "other")
    assert within(tmp_path / "out/checkpoint-1", [tmp_path / "out"])
    assert not within(tmp_path / "out/checkpoint-2", [tmp_path / "out"])
    assert not within(tmp_path / "out/../other", [tmp_path / "out"])


@pytest.mark.parametrize("text", ["a\0b", "loop/x"])
def test_what_is_no_path_lies_nowhere(tmp_path: Path, text: str) -> None:
    """Foreign nonsense is refused and raises nothing."""
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    assert not within(tmp_path / text, [tmp_path / "out"])


def test_a_command_line_names_folders(tmp_path: Path) -> None:
    """Words that are folders, values behind an `=`, the folder of the script."""
    for name in ("out", "cfg", "src"):
        (tmp_path / name).mkdir()
    command = ["torchrun", "src/train.py", "--out", "out", f"--dir={tmp_path}/cfg", "--lr", "1e-4", "a\0b"]
    assert named(command, tmp_path) == [tmp_path / "out", tmp_path / "cfg", tmp_path / "src"]


def test_a_process_that_is_gone_runs_nowhere() -> None:
    """It is left out."""
    assert working_directories([2**22 + 1]) == []


def test_the_folder_for_what_a_job_writes_is_on_its_command_line() -> None:
    """As the next word or behind `=`, also in Hydra's form; an option without a value, and other options, name none."""
    words = shlex.split("torchrun train.py --output_dir runs/a --out-dir=b hydra.work_dir=c save_dir=d --data e --save --lr 1 out")
    assert outputs(words) == ["runs/a", "b", "d"]
