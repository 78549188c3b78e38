"""Checkpoints as frameworks lay them out, small and without the frameworks."""

from __future__ import annotations

import json
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

WORLD = 2


def torch_zip(path: Path, size: int = 300) -> None:
    """A file of torch.save: stored entries below one folder, the pickle first."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("archive/data.pkl", b"\x80\x02}q\x00.")
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


KINDS: dict[str, Callable[[Path], Path]] = {
    f.__name__: f for f in (hf, hf_one, hf_sharded, hf_bin, adapter, plain_file, plain_folder, plain_safetensors)
}


def files(checkpoint: Path) -> list[Path]:
    """The files of a checkpoint, in order of name."""
    return sorted(checkpoint.iterdir()) if checkpoint.is_dir() else [checkpoint]
