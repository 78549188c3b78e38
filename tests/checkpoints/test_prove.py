from __future__ import annotations

import json
import math
import os
import shutil
import tempfile
import time
import warnings
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.checkpoints import samples as build

from trainwatch.checkpoints import folder
from trainwatch.checkpoints.parts import PROOFS
from trainwatch.checkpoints.prove import prove

NEEDED_BY_HF = ("model.safetensors", "optimizer.pt", "scheduler.pt", "rng_state_0.pth", "rng_state_1.pth", "trainer_state.json")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """One complete checkpoint of every kind."""
    return {name: make(tmp_path_factory.mktemp(name)) for name, (_, make) in build.KINDS.items()}


@pytest.mark.parametrize("name", build.KINDS)
def test_a_whole_checkpoint_of_every_kind_is_complete(whole: dict[str, Path], name: str) -> None:
    """Complete, with kind, step and size; the time is the one handed over."""
    seen = prove(whole[name], at=12.5)
    assert seen.complete, seen.why
    assert seen.kind == build.KINDS[name][0]
    assert seen.step == 30
    assert seen.size == sum(f.stat().st_size for f in build.files(whole[name]))
    assert seen.at == 12.5
    assert math.isnan(prove(whole[name]).at)


@settings(max_examples=800, deadline=None)
@given(name=st.sampled_from(sorted(build.KINDS)), data=st.data())
def test_any_file_cut_anywhere_is_refused(whole: dict[str, Path], name: str, data: st.DataObject) -> None:
    """A file that lost its end, by one byte or by all, makes the checkpoint incomplete, and the reason names the file."""
    victims = build.files(whole[name])
    victim = data.draw(st.sampled_from(victims))
    length = data.draw(st.integers(0, victim.stat().st_size - 1))
    with tempfile.TemporaryDirectory() as place:
        shutil.copytree(whole[name].parent, place, dirs_exist_ok=True)
        copy = Path(place) / whole[name].name
        os.truncate(copy.parent / victim.relative_to(whole[name].parent), length)
        seen = prove(copy)
    assert not seen.complete
    assert victim.name in seen.why or "global_step" in seen.why


@pytest.mark.parametrize("name", NEEDED_BY_HF)
def test_a_missing_file_of_the_trainer_is_named(tmp_path: Path, name: str) -> None:
    """Each file that resuming needs is asked for, the random state of every rank included."""
    path = build.hf(tmp_path)
    (path / name).unlink()
    seen = prove(path)
    assert not seen.complete
    assert name in seen.why or "no weights" in seen.why


def test_only_the_number_of_ranks_tells_that_the_last_one_is_missing(tmp_path: Path) -> None:
    """With four ranks two random states are too few; one process writes its state under another name."""
    path = build.hf(tmp_path)
    assert prove(path, world_size=2).complete
    assert "rng_state_3.pth: missing" in prove(path, world_size=4).why
    assert "rng_state.pth: missing" in prove(path, world_size=1).why
    (path / "rng_state_1.pth").unlink()
    assert "rng_state_1.pth: missing" in prove(path).why


def test_the_trainers_own_sentinel_is_believed(tmp_path: Path) -> None:
    """A folder that says of itself that it is incomplete is so, whatever is in it."""
    path = build.hf(tmp_path)
    (path / "checkpoint-is-incomplete.txt").write_text("")
    assert "the Trainer itself says" in prove(path).why


@pytest.mark.parametrize("names", [(), ("checkpoint-is-incomplete.txt",), ("rng_state_1.pth",), ("config.json", "rng_state_1.pth")])
def test_what_a_save_leaves_when_it_is_killed_early_is_refused(tmp_path: Path, names: tuple[str, ...]) -> None:
    """Folders with only a sentinel, or only what the second rank wrote, as seen in real runs."""
    source, path = build.hf(tmp_path / "a"), tmp_path / "b" / "checkpoint-30"
    path.mkdir(parents=True)
    for name in names:
        shutil.copy(source / name, path) if (source / name).exists() else (path / name).touch()
    seen = prove(path)
    assert not seen.complete
    assert seen.step == 30
    assert seen.kind == "hf_trainer"


def test_weights_only_is_complete_and_says_so(tmp_path: Path) -> None:
    """save_only_model leaves out all that resuming needs; leaving out a part of it is a torn checkpoint."""
    path = build.hf(tmp_path)
    for name in ("optimizer.pt", "scheduler.pt", "rng_state_0.pth", "rng_state_1.pth"):
        assert prove(path).complete == ("optimizer.pt" in {p.name for p in path.iterdir()})
        (path / name).unlink()
    seen = prove(path)
    assert seen.complete
    assert "cannot be resumed" in seen.why


def test_a_folder_of_another_step_is_refused(tmp_path: Path) -> None:
    """The state inside and the name outside must agree."""
    path = build.hf(tmp_path)
    build.state(path, 29)
    assert "it is of step 29" in prove(path).why


def test_an_index_must_not_lie(tmp_path: Path) -> None:
    """A shard that is missing, a tensor that its shard does not hold, a shard that lies elsewhere: all refused."""
    path = build.hf_sharded(tmp_path)
    index = path / "model.safetensors.index.json"
    good = json.loads(index.read_text())
    for change in ({"d": "model-00002-of-00002.safetensors"}, {"c": "model-00003-of-00003.safetensors"}, {"c": "../../secret.safetensors"}):
        index.write_text(json.dumps({**good, "weight_map": {**good["weight_map"], **change}}))
        assert not prove(path).complete
    for nonsense in ("[]", "{}", '{"weight_map": 3}', '{"weight_map": {"a": ["b"]}}', "null"):
        index.write_text(nonsense)
        assert not prove(path).complete
    index.unlink()
    assert "a shard without an index" in prove(path).why


@pytest.mark.parametrize("name", build.KINDS)
def test_a_checkpoint_without_one_of_its_files_is_refused(whole: dict[str, Path], name: str, tmp_path: Path) -> None:
    """With the number of ranks known, whichever file is gone; but for what says nothing about the training itself."""
    optional = {"config.json", "training_args.bin", "adapter_config.json", "meta.json", "metadata.json", "custom_checkpoint_0.pkl"}
    optional |= {"scheduler.bin"} | ({"scheduler.pt"} if name == "hf_zero" else set())
    optional |= {"optim.pt", "model.pt"} if name == "plain_folder" else {"model.safetensors"} if name == "hf_zero" else set()
    optional |= {"model.safetensors", "pytorch_model_fsdp.bin"} if name == "hf_fsdp_full" else set()
    for number, victim in enumerate(build.files(whole[name])):
        if victim.name not in optional:
            place = tmp_path / str(number)
            shutil.copytree(whole[name].parent, place)
            (place / victim.relative_to(whole[name].parent)).unlink()
            seen = prove(place / whole[name].name, world_size=1 if name == "hf_one" else 2)
            assert not seen.complete, victim


def test_links_out_of_the_checkpoint_are_refused(tmp_path: Path) -> None:
    """A link to a file elsewhere is not part of the checkpoint; one inside it is, and so is a link to the checkpoint itself."""
    path = build.hf(tmp_path)
    secret = tmp_path / "elsewhere.safetensors"
    build.safetensors(secret)
    (path / "model.safetensors").rename(path / "real.safetensors")
    (path / "model.safetensors").symlink_to("real.safetensors")
    assert prove(path).complete
    (tmp_path / "latest").symlink_to(path)
    assert prove(tmp_path / "latest").complete
    for target in (secret, Path("/proc/self/environ"), Path("model.safetensors"), Path("nothing")):
        (path / "model.safetensors").unlink()
        (path / "model.safetensors").symlink_to(target)
        assert not prove(path).complete


def test_a_pipe_or_a_folder_under_the_name_of_a_file_does_not_hang(tmp_path: Path) -> None:
    """Whatever stands under a name, the proof ends."""
    path = build.hf(tmp_path)
    (path / "optimizer.pt").unlink()
    os.mkfifo(path / "optimizer.pt")
    assert "optimizer.pt: missing" in prove(path).why
    os.mkfifo(tmp_path / "ckpt_3.pt")
    assert not prove(tmp_path / "ckpt_3.pt").complete


@pytest.mark.parametrize("name", ["nowhere", "a/b", "\0"])
def test_a_path_that_is_not_there_is_an_answer(tmp_path: Path, name: str) -> None:
    """No checkpoint is not an error of ours."""
    assert "cannot be looked at" in prove(tmp_path / name).why


def test_an_empty_folder_and_an_unknown_one_are_refused(tmp_path: Path) -> None:
    """What looks like no checkpoint is none."""
    assert prove(tmp_path).why == "empty"
    (tmp_path / "notes.txt").write_text("hello")
    assert "no kind of checkpoint" in prove(tmp_path).why


def test_a_file_still_being_written_is_refused(tmp_path: Path) -> None:
    """A temporary file beside whole ones means that the writer is not done."""
    path = build.plain_folder(tmp_path)
    (path / "ema.pt.tmp").write_bytes(b"")
    assert "ema.pt.tmp: still being written" in prove(path).why


def test_what_vanishes_during_the_look_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rotation may take a checkpoint away while it is looked at."""
    path = build.hf(tmp_path)
    inside = folder.inside

    def late(root: Path, name: str) -> Path:
        (path / name).unlink(missing_ok=True)
        return inside(root, name)

    monkeypatch.setattr(folder, "inside", late)
    seen = prove(path)
    assert not seen.complete
    assert "gone" in seen.why or "global_step" in seen.why


@settings(max_examples=300, deadline=None)
@given(
    suffix=st.sampled_from(sorted(PROOFS)),
    content=st.binary(max_size=400),
    start=st.sampled_from([b"", b"PK\3\4", b"\x10\0\0\0\0\0\0\0{", b"{"]),
)
def test_no_content_raises_or_passes(suffix: str, content: bytes, start: bytes) -> None:
    """Random bytes under any name are an answer, and never weights."""
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / f"ckpt_1{suffix}"
        path.write_bytes(start + content)
        assert not prove(path).complete


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_a_damaged_directory_or_header_never_raises(whole: dict[str, Path], data: st.DataObject) -> None:
    """Bytes changed in place, where the structure stands, are met with an answer."""
    source = whole[data.draw(st.sampled_from(["plain_file", "plain_safetensors"]))]
    content = bytearray(source.read_bytes())
    region = range(len(content) - 300, len(content)) if source.suffix == ".pt" else range(200)
    for at in data.draw(st.lists(st.sampled_from(region), min_size=1, max_size=6)):
        content[at] = data.draw(st.integers(0, 255))
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / source.name
        path.write_bytes(content)
        assert isinstance(prove(path).why, str)


def test_deep_and_huge_json_is_refused_without_harm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nesting that would exhaust the stack, and files beyond the limit, are refused."""
    path = build.hf(tmp_path)
    (path / "config.json").write_text("[" * 200_000)
    assert "config.json" in prove(path).why
    (path / "config.json").write_text("{}")
    monkeypatch.setattr("trainwatch.checkpoints.json_file.LIMIT", 10)
    assert "not read" in prove(path).why


def test_the_proof_takes_milliseconds(tmp_path: Path) -> None:
    """Nothing is loaded: a gigabyte of weights (a hole in a file) costs no more than a kilobyte."""
    path = build.hf(tmp_path)
    weights = path / "model.safetensors"
    header = json.dumps({"w": {"dtype": "U8", "shape": [1 << 30], "data_offsets": [0, 1 << 30]}}).encode()
    weights.write_bytes(len(header).to_bytes(8, "little") + header)
    os.truncate(weights, 8 + len(header) + (1 << 30))
    began = time.perf_counter()
    assert prove(path).complete
    assert time.perf_counter() - began < 0.2


def test_files_of_torch_and_safetensors_themselves_are_complete(tmp_path: Path) -> None:
    """What the real libraries write is proven, and refused when it is cut; the old form of torch.save proves nothing."""
    torch = pytest.importorskip("torch", reason="torch is a development dependency")
    from safetensors.torch import save_file

    state = {f"w{i}": torch.randn(i + 1, 7) for i in range(40)}
    torch.save(state, tmp_path / "ckpt_1.pt")
    save_file(state, tmp_path / "ckpt_2.safetensors")
    for path in (tmp_path / "ckpt_1.pt", tmp_path / "ckpt_2.safetensors"):
        assert prove(path).complete, prove(path).why
        size = path.stat().st_size
        for length in (*range(size - 120, size), size // 2, 0):
            copy = tmp_path / f"cut{path.suffix}"
            shutil.copy(path, copy)
            os.truncate(copy, length)
            assert not prove(copy).complete
    torch.save(state, tmp_path / "old.pt", _use_new_zipfile_serialization=False)
    assert "old kind" in prove(tmp_path / "old.pt").why


def test_what_torch_distributed_checkpoint_itself_writes(tmp_path: Path) -> None:
    """Complete as it is; refused when any of its files is cut anywhere, is longer, is gone, or the save has not come to its end."""
    torch = pytest.importorskip("torch", reason="torch is a development dependency")
    import torch.distributed.checkpoint as dcp

    with warnings.catch_warnings(action="ignore"):
        dcp.save({f"w{i}": torch.randn(i + 1, 7) for i in range(40)} | {"step": 3}, checkpoint_id=tmp_path / "step_3", no_dist=True)
    assert (prove(tmp_path / "step_3").complete, prove(tmp_path / "step_3").step) == (True, 3)
    for number, name in enumerate((".metadata", "__0_0.distcp")):
        size = (tmp_path / "step_3" / name).stat().st_size
        for length in (0, 1, size // 3, size // 2, size - 1, size + 1):
            copy = shutil.copytree(tmp_path / "step_3", tmp_path / f"{number}_{length}" / "step_3")
            os.truncate(copy / name, length)
            assert not prove(copy).complete
    (tmp_path / "step_3" / ".metadata").rename(tmp_path / "step_3" / ".metadata.tmp")
    assert "the save did not finish" in prove(tmp_path / "step_3").why


def test_a_save_that_its_note_has_not_reached_is_refused(tmp_path: Path) -> None:
    """DeepSpeed and Megatron note the newest save when all ranks are done; a whole-looking newer one is not done."""
    assert prove(build.zero(tmp_path, 2, 20)).complete
    newer = build.zero(tmp_path, 2, 30)
    (tmp_path / "latest").write_text("global_step20")
    assert "still names an older one" in prove(newer).why
    assert prove(tmp_path / "global_step20").complete
    newer = build.megatron(tmp_path / "megatron", 30)
    (newer.parent / "latest_checkpointed_iteration.txt").write_text("20")
    assert "still names 20" in prove(newer).why
    (newer.parent / "latest_checkpointed_iteration.txt").unlink()
    assert "the save did not finish" in prove(newer).why


@pytest.mark.parametrize("stage", [0, 1, 2, 3])
def test_the_states_of_every_rank_are_asked_for(tmp_path: Path, stage: int) -> None:
    """As many as the model states say, also when the last rank's are missing and nobody told how many ranks there are."""
    path = build.zero(tmp_path, stage, world=4)
    assert prove(path).complete
    assert prove(path, world_size=8).complete == (stage == 0)
    if stage:
        (path / "zero_pp_rank_3_mp_rank_00_optim_states.pt").unlink()
        assert "zero_pp_rank_3_mp_rank_00_optim_states.pt: missing" in prove(path).why


def test_the_parallel_ranks_of_megatron_are_counted_by_its_own_arguments(tmp_path: Path) -> None:
    """The last pipeline rank's folder gone leaves no gap, and is missed all the same."""
    path = build.megatron(tmp_path)
    for rank in ("00_001", "01_001"):
        shutil.rmtree(path / f"mp_rank_{rank}")
    assert "mp_rank_01_001" in prove(path).why


def test_accelerate_ranks_are_asked_for(tmp_path: Path) -> None:
    """The random state of every rank the job has."""
    path = build.accelerate(tmp_path)
    assert "random_states_3.pkl: missing" in prove(path, world_size=4).why


def test_weights_only_of_lightning_says_so(tmp_path: Path) -> None:
    """Without optimizer states it is whole, and nothing to go on from."""
    build.torch_zip(tmp_path / "last.ckpt", **{"pytorch-lightning_version": "2", "state_dict": {}, "global_step": 7})
    seen = prove(tmp_path / "last.ckpt")
    assert (seen.complete, seen.step) == (True, 7)
    assert "cannot be resumed" in seen.why
