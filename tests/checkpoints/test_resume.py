from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from trainwatch.checkpoints.kinds import KINDS
from trainwatch.checkpoints.resume import resume
from trainwatch.model.inputs import CheckpointSeen

EXAMPLES = Path(__file__).parents[2] / "examples"


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


SCRIPTS = {
    'parser.add_argument("--resume", type=Path)': "--resume",
    'parser.add_argument("-r", "--resume-from-checkpoint")': "--resume-from-checkpoint",
    '@click.option("--ckpt", default=None)\ndef main(ckpt): ...': "--ckpt",
    'parser.add_argument("--resume", action="store_true")': "",
    'click.option("--resume", is_flag=True)': "",
    'print("--resume")': "",
    "def broken(:": "",
}


@pytest.mark.parametrize("text", SCRIPTS)
def test_the_option_of_a_plain_loop_is_its_scripts_own(tmp_path: Path, text: str) -> None:
    """Only what the script declares, with a value; otherwise the sentence says that only the script knows. Nothing of it is run."""
    (tmp_path / "train.py").write_text(f"{text}\n", encoding="utf-8")
    command = ["torchrun", "--nproc_per_node=2", "train.py", "--lr", "1"]
    told = resume(command, seen("plain", "/out/ckpt_30.pt"), tmp_path)
    if SCRIPTS[text]:
        assert shlex.split(str(told)) == [*command, SCRIPTS[text], "/out/ckpt_30.pt"]
    else:
        assert str(told).startswith("torchrun --nproc_per_node=2 train.py --lr 1  # resume from /out/ckpt_30.pt: the script has no option")


def test_the_examples_are_resumed_by_a_command_that_can_be_copied() -> None:
    """The script of the main example has --resume; a folder where the script is not says nothing."""
    command = ["torchrun", "--nproc_per_node=2", "overfit_lm/train.py"]
    told = resume(command, seen("plain", "/out/ckpt_30.pt"), EXAMPLES)
    assert (told.certain, str(told)) == (True, "torchrun --nproc_per_node=2 overfit_lm/train.py --resume /out/ckpt_30.pt")
    assert not resume(command, seen("plain"), EXAMPLES / "overfit_lm").certain


def test_a_script_that_takes_training_arguments_has_their_option(tmp_path: Path) -> None:
    """HfArgumentParser makes one of every field; a script that never speaks of resuming would not heed it."""
    (tmp_path / "run.py").write_text(
        "args = HfArgumentParser(TrainingArguments).parse()\ntrainer.train(resume_from_checkpoint=args.resume_from_checkpoint)\n",
        encoding="utf-8",
    )
    told = resume(["python", "run.py"], seen("hf_trainer", "/out/checkpoint-30"), tmp_path)
    assert str(told) == "python run.py --resume_from_checkpoint /out/checkpoint-30"
    (tmp_path / "run.py").write_text("args = HfArgumentParser(TrainingArguments).parse()\ntrainer.train()\n", encoding="utf-8")
    assert not resume(["python", "run.py"], seen("hf_trainer"), tmp_path).certain
