"""Configuration that lies beside a log."""

from __future__ import annotations

import json
import os
from array import array
from pathlib import Path

import pytest

from trainwatch.engine.engine import Engine
from trainwatch.formats.places import KnownPlaces
from trainwatch.model.block import Block
from trainwatch.model.facts import Fact, Facts
from trainwatch.model.snapshot import RunInfo
from trainwatch.replay.beside import LARGEST, beside, of_command
from trainwatch.replay.kept import words
from trainwatch.replay.target import resolve
from trainwatch.replay.watch import Reading, Watch
from trainwatch.replay.whole import fold_target
from trainwatch.rules.plan import Plan
from trainwatch.rules.preset import load
from trainwatch.store import runfile
from trainwatch.store.create import create
from trainwatch.store.runfile import RunFile

DS = '{\n "train_micro_batch_size_per_gpu": 4,\n "gradient_accumulation_steps": "auto",\n "gradient_clipping": 1.0\n}\n'
LOG = "".join(f"{{'loss': {2 - i / 10:.4f}, 'learning_rate': 0.0001, 'epoch': {i / 10}}}\n" for i in range(10))


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A log in a folder of its own, which is the working directory."""
    monkeypatch.chdir(tmp_path)
    Path("train.out").write_text(LOG)
    return Path("train.out")


def _values(facts: dict[str, Fact]) -> dict[str, object]:
    return {name: fact.value for name, fact in facts.items()}


def test_known_names(log: Path) -> None:
    """A DeepSpeed file and a YAML file beside the only log of a folder are its job's; each fact names file and line."""
    Path("ds_config.json").write_text(DS)
    Path("config.yaml").write_text("optimizer:\n  lr: 2.0e-4  # peak\nepochs: 3\nother.yaml: 1\n")
    Path("model.json").write_text('{"lr": 9}')
    assert beside([log]) == {
        "per_device_train_batch_size": Fact(4.0, "ds_config.json", 2),
        "max_grad_norm": Fact(1.0, "ds_config.json", 4),
        "learning_rate": Fact(2e-4, "config.yaml", 2),
        "num_train_epochs": Fact(3.0, "config.yaml", 3),
    }


@pytest.mark.parametrize("name", ["../other/conf.yaml", "/abs/conf.yaml", "link/conf.yaml", "circle/conf.yaml"])
def test_a_file_elsewhere_is_not_read_because_a_log_names_it(name: str, tmp_path: Path) -> None:
    """Up, from the root, or through a link: what lies outside of the log's folder is nobody's business; below it, it counts."""
    other, home = tmp_path / "other", tmp_path / "home"
    for folder in (other, home / "conf"):
        folder.mkdir(parents=True)
        (folder / "conf.yaml").write_text("lr: 1e-3\n")
    (home / "link").symlink_to(other)
    (home / "circle").symlink_to(home / "circle")
    log = home / "train.out"
    log.write_text(f"python train.py --config {name.replace('/abs', str(other))}\n{LOG}")
    assert beside([log]) == {}
    log.write_text(f"python train.py --config conf/conf.yaml\n{LOG}")
    assert _values(beside([log])) == {"learning_rate": 1e-3}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder to somebody else")
def test_an_output_folder_of_another_user_is_not_looked_into(tmp_path: Path) -> None:
    """The folder that a log names as its output counts wherever it lies, if it belongs to whom the log belongs to."""
    out, log = tmp_path / "scratch" / "run", tmp_path / "home" / "train.out"
    for folder in (out, log.parent):
        folder.mkdir(parents=True)
    (out / "config.yaml").write_text("lr: 1e-3\n")
    log.write_text(f"TrainingArguments(\noutput_dir='{out}',\n)\n{LOG}")
    assert _values(beside([log])) == {"learning_rate": 1e-3}
    os.chown(out, 12345, 12345)
    assert beside([log]) == {}


def test_a_disagreement_says_nothing(log: Path) -> None:
    """Of two files, or two sections of one, that say different things none is believed."""
    Path("config.yaml").write_text("lr: 1e-3\nseed: 1\ngenerator:\n  weight_decay: 0.1\ncritic:\n  weight_decay: 0.2\n")
    Path("args.json").write_text('{"lr": 2e-3, "seed": 1}')
    assert _values(beside([log])) == {"seed": 1.0}


def test_a_folder_of_several_jobs(log: Path) -> None:
    """Beside another job's log only what bears the log's name, or what its command line names, is its own."""
    Path("config.yaml").write_text("seed: 1\n")
    Path("train.err").touch()
    assert _values(beside([log])) == {"seed": 1.0}
    Path("other.out").touch()
    assert beside([log]) == {}
    Path("train.yaml").write_text("epochs: 2\n")
    assert _values(beside([log])) == {"num_train_epochs": 2.0}
    log.write_text("+ python train.py --deepspeed ds_b.json --data words.json\n" + LOG)
    Path("ds_b.json").write_text(DS)
    Path("words.json").write_text('{"seed": 7}')
    assert set(beside([log])) == {"num_train_epochs", "per_device_train_batch_size", "max_grad_norm"}


def test_one_of_several(log: Path) -> None:
    """Of several files of one kind only the one that the log names counts."""
    Path("ds_config_zero2.json").write_text(DS)
    Path("ds_config_zero3.json").write_text('{"gradient_clipping": 1.0, "seed": 1}')
    assert beside([log]) == {}
    log.write_text("cmd: ['train.py', '--deepspeed', 'ds_config_zero3.json']\n")
    assert _values(beside([log])) == {"max_grad_norm": 1.0, "seed": 1.0}


def test_the_output_folder(log: Path) -> None:
    """What the job left in the folder that its log names; a folder that is not here says nothing."""
    log.write_text("TrainingArguments(\noutput_dir='out/run',\n)\n" + LOG)
    assert beside([log]) == {}
    Path("out/run").mkdir(parents=True)
    Path("out/run/training_args.json").write_text('{"seed": 3}')
    Path("out/run/training_args.bin").write_bytes(b"PK\3\4")
    assert beside([log]) == {"seed": Fact(3.0, "out/run/training_args.json", 1)}


def test_what_is_no_file_or_too_large(log: Path) -> None:
    """A pipe is not waited for, a folder, a dangling link and a large file are passed by, and no more than eight files are read."""
    os.mkfifo("config.yaml")
    Path("hparams.yaml").mkdir()
    Path("ds_config.json").symlink_to("nowhere")
    Path("args.json").write_text(json.dumps({"seed": 1, "x": "y" * LARGEST}))
    assert beside([log]) == {}
    log.write_text("".join(f"python train.py --config c{i}.yaml\n" for i in range(9)))
    for i in range(9):
        Path(f"c{i}.yaml").write_text(f"alpha_{chr(97 + i)}: 1\n")
    assert len(beside([log])) == 8


def test_a_command_names_its_files(tmp_path: Path) -> None:
    """What is started with `--config` or a script's first word is read before there is a log."""
    (tmp_path / "run.yaml").write_text("max_steps: 200\n")
    assert _values(of_command(["python", "train.py", "run.yaml"], tmp_path)) == {"total_steps": 200.0}
    assert _values(of_command(["torchrun", "x.py", f"--config={tmp_path}/run.yaml"], Path())) == {"total_steps": 200.0}
    assert of_command(["python", "train.py", "--data", "run.yaml"], tmp_path) == {}


def test_the_log_wins_and_the_user_over_all(log: Path, environ: dict[str, str]) -> None:
    """A value that the log prints replaces that of a file, whichever is read first; a stated one stands; --alone looks at nothing."""
    Path("config.yaml").write_text("seed: 1\nweight_decay: 0.1\nmax_steps: 50\n")
    log.write_text("TrainingArguments(\nseed=2,\n)\n" + LOG)
    facts = fold_target(resolve(["train.out"], environ), preset=load("off"), stated={"total_steps": 70.0}).facts
    assert (facts["seed"], facts["weight_decay"]) == (Fact(2.0, "train.out", 2), Fact(0.1, "config.yaml", 2))
    assert (facts["total_steps"].origin, facts.told, facts.is_beside("weight_decay")) == ("--fact", 2, True)
    alone = fold_target(resolve(["train.out"], environ, alone=True), preset=load("off"))
    assert "weight_decay" not in alone.facts


def test_a_screen_and_a_report_know_the_same(log: Path, environ: dict[str, str]) -> None:
    """A watched log has the configuration that a folded one has, and the same records as without it."""
    Path("args.json").write_text('{"logging_steps": 10, "max_steps": 100, "num_train_epochs": 1, "world_size": 4}')
    target = resolve(["train.out"], environ)
    watch = Watch(target, now=0.0, reading=Reading(), written=lambda _: False)
    watch.poll(0.0)
    folded = fold_target(target, preset=load("default")).snapshot()
    watched = watch.snapshot(0.0)
    watch.close()
    assert dict(watched.facts) == dict(folded.facts) != {}
    bare = fold_target(resolve(["train.out"], environ, alone=True), preset=load("default")).snapshot()
    assert bare.series["loss"].values == folded.series["loss"].values
    assert (bare.progress.step, bare.records) == (folded.progress.step, folded.records)


def test_until_the_log_says_so_a_rule_sees_the_file() -> None:
    """A verdict on a record knows what stands before it in the log, else what lies beside, however far the log was read."""
    facts = Facts({"seed": Fact(1.0, "config.yaml", 1)})
    facts.note("seed", 2.0, "train.out", 9)
    plan, seen = Plan(facts), []
    for line in (5, 9):
        plan.move(Block("train", "train.out", 1, "json", {}, array("q", [line]), KnownPlaces({line: line})), 0)
        seen.append(plan.number("seed"))
    assert seen == [1.0, 2.0]


def test_what_was_kept_is_that_of_the_same_files(tmp_path: Path) -> None:
    """A fold is found again only with the same facts beside the log, also those that the log replaced; a run directory keeps them."""
    info = RunInfo("r", "r", ("train.out",))
    engines = [Engine(load("off"), info, stated={"seed": Fact(value, "config.yaml", 1)}) for value in (1.0, 2.0)]
    for engine in engines:
        engine.facts.note("seed", 3.0, "train.out", 1)
    assert words(engines[0]) != words(engines[1])
    run_dir = create("r", now=0.0, log=tmp_path / "train.out", environ={"TRAINWATCH_HOME": str(tmp_path / "home")})
    given = {"seed": Fact(1.0, "config.yaml", 1), "gpus": 8.0}
    RunFile(info, stated=given).save(run_dir)
    assert runfile.load(run_dir).stated == given
