"""What the hook looks at before it has a job save: it refuses in words rather than hurt the job."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest
from tests.hook.harness import Bench, until

from trainwatch.hook.install import SOURCE


def part(name: str) -> ModuleType:
    """A file of the hook as a module; it does nothing until it is asked to."""
    spec = importlib.util.spec_from_file_location(f"{name}_under_test", SOURCE.with_name(f"{name}.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def arguments(folder: Path, **more: object) -> SimpleNamespace:
    """The Trainer's arguments, as far as the hook reads them."""
    plain = {"output_dir": str(folder), "save_total_limit": None, "push_to_hub": False, "hub_strategy": "every_save", "report_to": []}
    return SimpleNamespace(**{**plain, **more})


def test_a_checkpoint_that_would_not_fit_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the free space of the disk, with something to spare."""
    core = part("sitecustomize")
    assert core.no_room(str(tmp_path), 1000) == ""
    monkeypatch.setattr(core.os, "statvfs", lambda _: SimpleNamespace(f_bavail=2_000, f_frsize=1_000_000))
    assert core.no_room(str(tmp_path), 1_800_000_000) == ""
    assert "2.0 GB are free" in core.no_room(str(tmp_path), 1_900_000_000)


def test_what_the_file_system_will_not_give_is_refused(tmp_path: Path) -> None:
    """A limit on the length of files stands for a quota: the space is asked for and given back, and nothing is left."""
    code = (
        "import importlib.util, resource, sys\n"
        "spec = importlib.util.spec_from_file_location('core', sys.argv[1])\n"
        "core = importlib.util.module_from_spec(spec); spec.loader.exec_module(core)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))\n"
        "print(core.no_quota(sys.argv[2], 1 << 19), '|', core.no_quota(sys.argv[2], 1 << 21))\n"
    )
    command = [sys.executable, "-c", code, str(SOURCE), str(tmp_path)]
    out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    small, large = out.split("|")
    assert small.strip() == ""
    assert "no room: file too large" in large
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    """A file in its place; a good folder is made, and nothing is left in it."""
    core = part("sitecustomize")
    (tmp_path / "file").write_text("")
    assert "cannot write in" in core.not_writable(str(tmp_path / "file"))
    assert core.not_writable(str(tmp_path / "a" / "b")) == ""
    assert list((tmp_path / "a" / "b").iterdir()) == []


@pytest.mark.parametrize(
    ("more", "environ", "found"),
    [
        ({}, {}, ""),
        ({"push_to_hub": True}, {}, "hub_strategy=every_save"),
        ({"push_to_hub": True, "hub_strategy": SimpleNamespace(value="checkpoint")}, {}, "hub_strategy=checkpoint"),
        ({"push_to_hub": True, "hub_strategy": "end"}, {}, ""),
        ({"report_to": ["wandb"]}, {"WANDB_LOG_MODEL": "checkpoint"}, "WANDB_LOG_MODEL=checkpoint"),
        ({"report_to": ["wandb"]}, {"WANDB_LOG_MODEL": "end"}, ""),
        ({"report_to": []}, {"WANDB_LOG_MODEL": "checkpoint"}, ""),
        ({"report_to": ["mlflow"]}, {"HF_MLFLOW_LOG_ARTIFACTS": "1"}, "HF_MLFLOW_LOG_ARTIFACTS=1"),
    ],
)
def test_a_save_that_would_be_uploaded_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, more: dict[str, object], environ: dict[str, str], found: str
) -> None:
    """To the hub or by a tracker, where each save is; what is only uploaded at the end is not."""
    hf = part("tw_hook_hf")
    for name, _ in hf.UPLOADS.values():
        monkeypatch.delenv(name, raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    hook = SimpleNamespace(last={}, size_of=lambda _: 0)
    why = hf.Saves(hook, arguments(tmp_path, **more), None).plan(standing=False).get("why", "")
    assert found in why
    assert bool(why) == bool(found)


def test_saves_of_ours_do_not_count_in_the_rotation(tmp_path: Path) -> None:
    """While we ask nothing goes; a save of the job then leaves as many of its own as it would have left."""
    hf = part("tw_hook_hf")
    hook = SimpleNamespace(last={}, size_of=lambda _: 0, task=None, leave=False, done=lambda *_: None)
    limits = arguments(tmp_path, save_total_limit=2)
    saves = hf.Saves(hook, limits, None)
    for step in (20, 40):
        (tmp_path / f"checkpoint-{step}").mkdir()
    control = SimpleNamespace(should_save=False, should_training_stop=False)
    saves.ask(control)
    assert limits.save_total_limit == 3
    (tmp_path / "checkpoint-41").mkdir()
    saves.saved(SimpleNamespace(global_step=41), control)
    assert limits.save_total_limit == 2
    hook.boundary = lambda _: False
    saves.step_ended(SimpleNamespace(global_step=60), SimpleNamespace(should_save=True))
    assert limits.save_total_limit == 3
    (tmp_path / "checkpoint-41").rmdir()
    saves.step_ended(SimpleNamespace(global_step=80), SimpleNamespace(should_save=True))
    assert limits.save_total_limit == 2


def test_best_checkpoints_beside_a_limit_are_few(tmp_path: Path) -> None:
    """A limit says how much disk the job may take: the standing order stops at four more; a request is still carried out."""
    hf = part("tw_hook_hf")
    saves = hf.Saves(SimpleNamespace(last={}, size_of=lambda _: 0), arguments(tmp_path, save_total_limit=2), None)
    saves.extra = [str(tmp_path / f"checkpoint-{step}") for step in range(4)]
    for path in saves.extra:
        Path(path).mkdir()
    assert "4 best checkpoints more" in saves.plan(standing=True)["why"]
    assert "why" not in saves.plan(standing=False)


def test_a_request_is_refused_in_its_answer_and_the_next_one_is_carried_out(bench: Bench) -> None:
    """Less time than the last save took: nothing is saved, the reason is told, the loop goes on."""
    with bench.job(*bench.single(steps=600)) as job:
        until(bench.rank)
        bench.ask("a")
        until(lambda: bench.ack("a").get("status") == "saved")
        bench.ask("b", within_s=-1)
        until(lambda: bench.ack("b").get("status") == "failed")
        assert "the last save took" in bench.ack("b")["error"]
        bench.ask("c", within_s=60)
        until(lambda: bench.ack("c").get("status") == "saved")
        assert job.poll() is None
    assert bench.text().count("saved") == 2


@pytest.mark.parametrize(
    ("last", "at", "state", "expected"),
    [
        (None, None, {}, ("global_step37", {})),
        ("step_20", 20, {"step": 20, "epoch": 3, "flag": True}, ("step_37", {"step": 37, "epoch": 3, "flag": True})),
        ("newest", 20, {"next": 19}, ("global_step37", {"next": 36})),
    ],
)
def test_a_deepspeed_save_is_named_and_filled_as_the_script_does(
    tmp_path: Path, last: str | None, at: int | None, state: dict[str, object], expected: tuple[str, dict[str, object]]
) -> None:
    """A tag that counts goes on counting, one that does not is left alone; numbers that were the step are the step again."""
    ds = part("tw_hook_deepspeed")
    engines = ds.Engines(SimpleNamespace(rank=0, meet=lambda word: word))
    engines.folder, engines.tag, engines.at, engines.state = str(tmp_path), last, at, state
    engine = SimpleNamespace(global_steps=37)
    assert (engines.name(engine), engines.moved(engine)) == expected
    (tmp_path / expected[0]).mkdir()
    assert engines.name(engine) == f"{expected[0]}-1"


def test_two_engines_are_not_saved_by_halves(tmp_path: Path) -> None:
    """Where actor and critic have an engine each, a save of the one that stepped would be no checkpoint."""
    engines = part("tw_hook_deepspeed").Engines(SimpleNamespace())
    engines.folder, engines.known = str(tmp_path), {1, 2}
    assert "2 DeepSpeed engines" in engines.plan(standing=False)["why"]


@pytest.mark.parametrize(
    ("marks", "count", "number"),
    [([], 5, None), ([(20, 20)], 37, 37), ([(20, 40)], 37, 74), ([(0, 100)], 7, 107), ([(10, 100), (20, 110)], 37, 127)],
)
def test_an_accelerate_save_is_numbered_as_the_script_would(marks: list[tuple[int, int]], count: int, number: int | None) -> None:
    """By its last two names, be they optimizer steps, batches, or steps that began before a resume."""
    loop = part("tw_hook_accelerate").Loop(SimpleNamespace())
    loop.marks, loop.count = marks, count
    assert loop.number() == number


def test_accelerate_rotation_is_a_reason_to_refuse(tmp_path: Path) -> None:
    """With automatic names Accelerate deletes the oldest save before it writes a new one."""
    settings = SimpleNamespace(automatic_checkpoint_naming=True, total_limit=1)
    accelerator = SimpleNamespace(project_configuration=settings, project_dir=str(tmp_path))
    loop = part("tw_hook_accelerate").Loop(SimpleNamespace())
    assert "why" not in loop.plan(accelerator)
    (tmp_path / "checkpoints" / "checkpoint_0").mkdir(parents=True)
    assert "would delete" in loop.plan(accelerator)["why"]
