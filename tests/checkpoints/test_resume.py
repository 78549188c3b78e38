from __future__ import annotations

import shlex

import pytest

from trainwatch.checkpoints.kinds import KINDS
from trainwatch.checkpoints.resume import resume
from trainwatch.model.inputs import CheckpointSeen


def seen(kind: str, path: str = "/out/my run/checkpoint-30") -> CheckpointSeen:
    """A proven checkpoint."""
    return CheckpointSeen(0.0, path, 30, complete=True, kind=kind)


@pytest.mark.parametrize("kind", [kind.NAME for kind in KINDS])
def test_every_kind_says_how_to_go_on(kind: str) -> None:
    """A line that names the checkpoint, and whose command is the one the user gave."""
    told = resume(["torchrun", "train.py", "--name", "a b"], seen(kind))
    assert not told.certain
    assert str(told).startswith("torchrun train.py --name 'a b'  # resume from /out/my run/checkpoint-30")
    assert shlex.split(str(told), comments=True) == ["torchrun", "train.py", "--name", "a b"]


@pytest.mark.parametrize("before", [["--resume", "old"], ["--resume=old"]])
def test_an_option_that_is_there_gets_the_checkpoint(before: list[str]) -> None:
    """The line can be copied and run; nothing else of it changes."""
    told = resume(["python", "train.py", *before, "--lr", "1"], seen("hf_trainer"))
    assert told.certain
    words = shlex.split(str(told))
    assert "old" not in str(told)
    assert words[-2:] == ["--lr", "1"]
    assert "/out/my run/checkpoint-30" in words[2:][0] or words[3] == "/out/my run/checkpoint-30"


def test_a_flag_without_a_value_is_not_taken_for_a_place() -> None:
    """`--resume` alone means something that only the script knows."""
    assert not resume(["python", "train.py", "--resume", "--lr", "1"], seen("plain")).certain
    assert not resume(["python", "train.py", "--resume"], seen("plain")).certain


def test_frameworks_are_told_in_their_own_words() -> None:
    """DeepSpeed takes folder and tag, Megatron the folder that holds the iterations."""
    assert "engine.load_checkpoint('/out', tag='global_step30')" in str(resume(["x"], seen("deepspeed", "/out/global_step30")))
    assert str(resume(["x", "--load", "/old"], seen("megatron", "/out/iter_0000030"))) == "x --load /out"


def test_a_kind_that_is_not_known_is_told_by_its_path() -> None:
    """Checkpoints noted by another version."""
    assert str(resume(["x"], seen("other", "/a"))) == "x  # resume from /a"


def test_a_path_cannot_leave_the_comment() -> None:
    """The line is made to be pasted into a shell: a line break in a name stays inside the comment."""
    told = str(resume(["x"], seen("plain", "/a\nrm -rf /b")))
    assert "\n" not in told
    assert shlex.split(told, comments=True) == ["x"]
