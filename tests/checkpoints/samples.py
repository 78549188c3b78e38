"""Checkpoints as frameworks lay them out, small and without the frameworks."""

from __future__ import annotations

import argparse
import json
import pickle
import struct
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

WORLD = 2


def torch_zip(path: Path, size: int = 300, **values: Any) -> None:
    """A file of torch.save: stored entries below one folder, the pickle first."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("archive/data.pkl", pickle.dumps(values, 2))
        archive.writestr("archive/byteorder", b"little")
        archive.writestr("archive/data/0", bytes(range(256)) * (size // 256 + 1))
        archive.writestr("archive/version", b"3\n")


def safetensors(path: Path, tensors: tuple[str, ...] = ("a", "b")) -> None:
    """Tensors of 16 floats each."""
    header = {"__metadata__": {"format": "pt"}}
    for i, name in enumerate(tensors):
        header[name] = {"dtype": "F32", "shape": [4, 4], "data_offsets": [64 * i, 64 * i + 64]}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"\1" * 64 * len(tensors))


def state(folder: Path, step: int) -> None:
    """trainer_state.json."""
    (folder / "trainer_state.json").write_text(json.dumps({"global_step": step, "log_history": [{"loss": 1.0, "step": 1}]}, indent=2))


def hf(folder: Path, step: int = 30, *, world: int = WORLD) -> Path:
    """What the Trainer writes on `world` ranks."""
    folder = folder / f"checkpoint-{step}"
    folder.mkdir(parents=True)
    (folder / "config.json").write_text('{"model_type": "gpt2"}')
    safetensors(folder / "model.safetensors")
    for name in ("training_args.bin", "optimizer.pt", "scheduler.pt"):
        torch_zip(folder / name)
    for name in ["rng_state.pth"] if world == 1 else [f"rng_state_{k}.pth" for k in range(world)]:
        torch_zip(folder / name)
    state(folder, step)
    return folder


def hf_one(folder: Path) -> Path:
    """A single process."""
    return hf(folder, world=1)


def hf_sharded(folder: Path) -> Path:
    """Weights in two shards, and an index."""
    folder = hf(folder)
    (folder / "model.safetensors").unlink()
    safetensors(folder / "model-00001-of-00002.safetensors", ("a", "b"))
    safetensors(folder / "model-00002-of-00002.safetensors", ("c",))
    where = {"a": 1, "b": 1, "c": 2}
    index = {"metadata": {"total_size": 192}, "weight_map": {t: f"model-0000{n}-of-00002.safetensors" for t, n in where.items()}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    return folder


def hf_bin(folder: Path) -> Path:
    """Weights in the older form."""
    folder = hf(folder)
    (folder / "model.safetensors").unlink()
    torch_zip(folder / "pytorch_model.bin")
    return folder


def adapter(folder: Path) -> Path:
    """A PEFT adapter under the Trainer."""
    folder = hf(folder)
    (folder / "model.safetensors").unlink()
    (folder / "config.json").unlink()
    (folder / "adapter_config.json").write_text('{"peft_type": "LORA", "r": 8}')
    safetensors(folder / "adapter_model.safetensors")
    return folder


def plain_file(folder: Path) -> Path:
    """One file of a plain loop."""
    folder.mkdir(parents=True, exist_ok=True)
    torch_zip(folder / "ckpt_30.pt")
    return folder / "ckpt_30.pt"


def plain_folder(folder: Path) -> Path:
    """A folder of a plain loop."""
    folder = folder / "step_30"
    folder.mkdir(parents=True)
    torch_zip(folder / "model.pt")
    torch_zip(folder / "optim.pt")
    (folder / "meta.json").write_text('{"step": 30}')
    return folder


def plain_safetensors(folder: Path) -> Path:
    """One safetensors file of a plain loop."""
    folder.mkdir(parents=True, exist_ok=True)
    safetensors(folder / "weights_step30.safetensors")
    return folder / "weights_step30.safetensors"


def zero(folder: Path, stage: int, step: int = 30, *, world: int = WORLD, start: str = "") -> Path:
    """What a DeepSpeed engine writes at a stage of ZeRO; the folder of the save."""
    tag = folder / f"global_step{step}"
    stated = {"module": {}, "dp_world_size": world, "mp_world_size": 1, "global_steps": step, "optimizer": None if stage else {}}
    for rank in range(world):
        if stage == 3:
            torch_zip(tag / f"zero_pp_rank_{rank}_mp_rank_00_model_states.pt", **stated)
        if stage:
            torch_zip(tag / f"{start}zero_pp_rank_{rank}_mp_rank_00_optim_states.pt", optimizer_state_dict={})
    if stage != 3:
        torch_zip(tag / "mp_rank_00_model_states.pt", **stated)
    (folder / "latest").write_text(tag.name)
    return tag


def zero_0(folder: Path) -> Path:
    """Everything in the model states."""
    return zero(folder, 0)


def zero_1(folder: Path) -> Path:
    """Optimizer states of each rank, in bfloat16."""
    return zero(folder, 1, start="bf16_")


def zero_3(folder: Path) -> Path:
    """Model states of each rank too."""
    return zero(folder, 3)


def zero_root(folder: Path) -> Path:
    """The folder given to the engine, with `latest`."""
    folder = folder / "ckpt"
    zero(folder, 2)
    return folder


def hf_zero(folder: Path) -> Path:
    """The Trainer under DeepSpeed."""
    folder = hf(folder)
    (folder / "optimizer.pt").unlink()
    zero(folder, 2)
    return folder


@dataclass
class Metadata:
    """As in torch.distributed.checkpoint.metadata."""

    state_dict_metadata: dict[str, Any]
    storage_data: dict[Any, Any]


@dataclass(frozen=True)
class Index:
    """As torch's MetadataIndex."""

    fqn: str
    offset: tuple[int, ...] | None = None


@dataclass
class Place:
    """As torch's _StorageInfo."""

    relative_path: str
    offset: int
    length: int


def dcp_files(folder: Path) -> Path:
    """Two items of each of two ranks."""
    folder.mkdir(parents=True, exist_ok=True)
    places = {}
    for rank in range(WORLD):
        name = f"__{rank}_0.distcp"
        (folder / name).write_bytes(b"x" * 150)
        places |= {Index(f"w{rank}", (0,)): Place(name, 0, 100), Index(f"v{rank}", (0,)): Place(name, 100, 50)}
    (folder / ".metadata").write_bytes(pickle.dumps(Metadata({}, places)))
    return folder


def dcp(folder: Path) -> Path:
    """A plain loop with torch.distributed.checkpoint."""
    return dcp_files(folder / "step_30")


def hf_fsdp(folder: Path) -> Path:
    """The Trainer under FSDP, split states."""
    folder = hf(folder)
    for name in ("optimizer.pt", "model.safetensors"):
        (folder / name).unlink()
    for name in ("pytorch_model_fsdp_0", "optimizer_0"):
        dcp_files(folder / name)
    return folder


def hf_fsdp_full(folder: Path) -> Path:
    """The Trainer under FSDP, full states."""
    folder = hf(folder)
    (folder / "optimizer.pt").unlink()
    for name in ("pytorch_model_fsdp.bin", "optimizer.bin"):
        torch_zip(folder / name)
    return folder


def accelerate(folder: Path) -> Path:
    """What save_state writes."""
    folder = folder / "step_30"
    folder.mkdir(parents=True)
    safetensors(folder / "model.safetensors")
    for name in ("optimizer.bin", "scheduler.bin", "custom_checkpoint_0.pkl", *(f"random_states_{k}.pkl" for k in range(WORLD))):
        torch_zip(folder / name)
    return folder


def accelerate_zero(folder: Path) -> Path:
    """The same under DeepSpeed, whose save always has one name."""
    folder = accelerate(folder)
    for name in ("model.safetensors", "optimizer.bin"):
        (folder / name).unlink()
    zero(folder, 2).rename(folder / "pytorch_model")
    (folder / "latest").write_text("pytorch_model")
    return folder


def lightning(folder: Path) -> Path:
    """One file of a Lightning Trainer."""
    path = folder / "epoch=3-step=30.ckpt"
    torch_zip(path, **{"epoch": 3, "global_step": 30, "pytorch-lightning_version": "2.6", "state_dict": {}, "optimizer_states": []})
    return path


def lightning_zero(folder: Path) -> Path:
    """A folder, under DeepSpeed."""
    path = folder / "epoch=3-step=30.ckpt"
    zero(path, 2).rename(path / "checkpoint")
    (path / "latest").write_text("checkpoint")
    return path


def lightning_fsdp(folder: Path) -> Path:
    """A folder of split states, under FSDP."""
    path = dcp_files(folder / "epoch=3-step=30.ckpt")
    torch_zip(path / "meta.pt", global_step=30)
    return path


def megatron(folder: Path, step: int = 30) -> Path:
    """Two tensor-parallel by two pipeline ranks with a distributed optimizer."""
    path = folder / f"iter_{step:07d}"
    parallel = argparse.Namespace(tensor_model_parallel_size=2, pipeline_model_parallel_size=2)
    for rank in ("00_000", "00_001", "01_000", "01_001"):
        torch_zip(path / f"mp_rank_{rank}" / "model_optim_rng.pt", args=parallel, iteration=step)
        torch_zip(path / f"mp_rank_{rank}" / "distrib_optim.pt")
    (folder / "latest_checkpointed_iteration.txt").write_text(str(step))
    return path


def megatron_root(folder: Path) -> Path:
    """The folder given to --save."""
    folder = folder / "ckpt"
    megatron(folder)
    return folder


def megatron_dist(folder: Path) -> Path:
    """The newer form."""
    path = dcp_files(folder / "iter_0000030")
    torch_zip(path / "common.pt")
    (path / "metadata.json").write_text('{"sharded_backend": "torch_dist"}')
    (folder / "latest_checkpointed_iteration.txt").write_text("30")
    return path


KINDS: dict[str, tuple[str, Callable[[Path], Path]]] = {
    f.__name__: (kind, f)
    for kind, makers in {
        "hf_trainer": (hf, hf_one, hf_sharded, hf_bin, adapter, hf_zero, hf_fsdp, hf_fsdp_full),
        "plain": (plain_file, plain_folder, plain_safetensors),
        "deepspeed": (zero_0, zero_1, zero_3, zero_root),
        "dcp": (dcp,),
        "accelerate": (accelerate, accelerate_zero),
        "lightning": (lightning, lightning_zero, lightning_fsdp),
        "megatron": (megatron, megatron_root, megatron_dist),
    }.items()
    for f in makers
}
"""By name: the kind, and what makes one."""


def files(checkpoint: Path) -> list[Path]:
    """The files of a checkpoint, in order of name."""
    return sorted(p for p in checkpoint.rglob("*") if p.is_file()) if checkpoint.is_dir() else [checkpoint]
