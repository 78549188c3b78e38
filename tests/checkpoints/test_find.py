from __future__ import annotations

import os
from pathlib import Path

from tests.checkpoints import samples as build

from trainwatch.checkpoints.find import find


def touch(path: Path, seconds: int) -> None:
    """Give every file of a checkpoint a time."""
    for file in build.files(path):
        os.utime(file, (seconds, seconds))


def test_folders_of_the_trainer_are_found_newest_last(tmp_path: Path) -> None:
    """By time, not by number: an older run in the same folder may have gone further. A final model beside them is none."""
    yesterday, today, later = build.hf(tmp_path, 1000), build.hf(tmp_path, 10), build.hf(tmp_path, 20)
    touch(yesterday, 100)
    touch(today, 200)
    touch(later, 300)
    build.safetensors(tmp_path / "model.safetensors")
    build.torch_zip(tmp_path / "training_args.bin")
    assert find(tmp_path) == [yesterday, today, later]
    assert find(later) == [later]


def test_equal_times_are_ordered_by_step(tmp_path: Path) -> None:
    """Copied folders may carry one time; 9 comes before 10."""
    made = [build.hf(tmp_path, step) for step in (100, 9, 10)]
    for path in made:
        touch(path, 100)
    assert [p.name for p in find(tmp_path)] == ["checkpoint-9", "checkpoint-10", "checkpoint-100"]


def test_single_files_and_folders_of_a_plain_loop(tmp_path: Path) -> None:
    """Numbered files are checkpoints each; a numbered folder of files is one."""
    single, whole = build.plain_file(tmp_path), build.plain_folder(tmp_path)
    touch(single, 100)
    touch(whole, 200)
    (tmp_path / "train.log").write_text("step 1")
    assert find(tmp_path) == [single, whole]


def test_torn_ones_are_candidates_too(tmp_path: Path) -> None:
    """A torn newest checkpoint must be seen to be named."""
    torn = tmp_path / "checkpoint-40"
    torn.mkdir()
    assert find(tmp_path) == [torn]


def test_links_are_not_followed(tmp_path: Path) -> None:
    """A link to another run's folder, or to a parent, brings nothing in."""
    other = build.hf(tmp_path / "other")
    here = tmp_path / "here"
    here.mkdir()
    (here / "checkpoint-30").symlink_to(other)
    (here / "up").symlink_to(tmp_path)
    assert find(here) == []


def test_a_folder_that_is_not_there_holds_nothing(tmp_path: Path) -> None:
    """Neither a missing folder nor a file is an error."""
    assert find(tmp_path / "nowhere") == []
    (tmp_path / "file").write_text("")
    assert find(tmp_path / "file") == []


def test_the_saves_of_every_framework_are_found_and_their_place_is_none(tmp_path: Path) -> None:
    """A folder that holds the saves of DeepSpeed or Megatron is a place; a folder with another framework's save in it is one save."""
    zero = [build.zero(tmp_path / "zero", 2, step) for step in (20, 30)]
    megatron = [build.megatron(tmp_path / "megatron", step) for step in (20, 30)]
    assert find(tmp_path / "zero") == zero
    assert find(tmp_path / "megatron") == megatron
    for make in (build.hf_zero, build.hf_fsdp, build.dcp, build.accelerate, build.accelerate_zero, build.lightning, build.lightning_zero):
        made = make(tmp_path / make.__name__)
        assert find(made.parent) == [made]
