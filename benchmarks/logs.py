"""Generated logs: the same bytes for the same words."""

from __future__ import annotations

import math
import random
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

SEED = 20260301
BLOCKS = "▏▎▍▌▋▊▉█"


def write(kind: str, megabytes: int, path: Path) -> None:
    """Write a log of a kind: `hf` (bars and dicts), `hf_lines` (bars that end with a newline), `megatron`, `nanogpt`, `ranks`."""
    size = megabytes * 1_000_000
    written = 0
    with path.open("wb") as file:
        batch: list[bytes] = []
        for piece in KINDS[kind](random.Random(SEED)):
            batch.append(piece)
            written += len(piece)
            if len(batch) > 2000 or written >= size:
                file.write(b"".join(batch))
                batch.clear()
            if written >= size:
                return


def hf(rng: random.Random) -> Iterator[bytes]:
    """HF Trainer 4: nine bars of ten steps, the bar cleared, the dict of six keys; evaluations, NaN and infinity, warnings, tracebacks."""
    total = 20_000_000
    step = 0
    while True:
        frames = []
        for _ in range(9):
            step += 1
            frames.append(_bar(step, total))
        step += 1
        loss = _number(rng, 1.5 + 2 * math.exp(-step / 1e5))
        record = f"{{'loss': {loss}, 'grad_norm': {rng.random() * 3!r}, 'learning_rate': {2e-5 * (1 - step / total)!r}, 'epoch': {step / 1e5:.2f}}}"
        frame = _bar(step, total)
        yield ("\r" + "\r".join(frames) + f"\r{frame}\r{' ' * 60}\r{record}\n\r{frame}").encode()
        if step % 5000 == 0:
            yield f"\n{{'eval_loss': {1.6 + rng.random()!r}, 'eval_runtime': 44.5, 'eval_samples_per_second': 2.2, 'epoch': {step / 1e5:.2f}}}\n".encode()
        if step % 100_000 == 0:
            yield b"/venv/lib/site-packages/torch/utils/checkpoint.py:61: UserWarning: None of the inputs have requires_grad=True\n  warnings.warn(\n"


def hf_lines(rng: random.Random) -> Iterator[bytes]:
    """Ten bars, a newline, the dict on a line of its own: a script that prints past the bar."""
    total = 20_000_000
    for step in range(10, total, 10):
        frames = "\r".join(_bar(at, total) for at in range(step - 9, step + 1))
        loss = _number(rng, 1.5 + 2 * math.exp(-step / 1e5))
        yield (
            f"\r{frames}\n{{'loss': {loss}, 'grad_norm': {rng.random() * 3!r}, "
            f"'learning_rate': {2e-5 * (1 - step / total)!r}, 'epoch': {step / 1e5:.2f}}}\n"
        ).encode()


def _bar(step: int, total: int) -> str:
    """A picture of a tqdm bar."""
    share = step / total
    return f" {share:3.0%}|{BLOCKS[int(share * 80) % 8]:10}| {step}/{total} [{step // 60:02}:{step % 60:02}<27:46:39,  9.65it/s]"


def _number(rng: random.Random, centre: float) -> str:
    """A loss as printed; not finite now and then."""
    if rng.random() < 2e-4:
        return rng.choice(["nan", "inf"])
    return f"{centre + rng.gauss(0, 0.05):.4f}"


def megatron(rng: random.Random) -> Iterator[bytes]:
    """Megatron-LM, a line an iteration."""
    step = 0
    while True:
        step += 1
        yield (
            f" iteration {step:8}/ 5000000 | consumed samples: {step * 32:12} | elapsed time per iteration (ms): {1200 + rng.random() * 90:.1f} | "
            f"learning rate: {1e-4 * rng.random():.3E} | global batch size:    32 | lm loss: {float(2 + rng.random()):.6E} | loss scale: 1.0 | "
            f"grad norm: {rng.random():.3f} | number of skipped iterations:   0 | number of nan iterations:   0 |\n"
        ).encode()


def nanogpt(rng: random.Random) -> Iterator[bytes]:
    """NanoGPT, a line an iteration."""
    step = 0
    while True:
        yield f"iter {step}: loss {3 + rng.random():.4f}, time {90 + rng.random():.2f}ms, mfu {40 + rng.random():.2f}%\n".encode()
        step += 1


def ranks(rng: random.Random) -> Iterator[bytes]:
    """Eight ranks of torchrun, each with a loss of its own, in no order, with warnings between them."""
    step = 0
    while True:
        step += 1
        for rank in rng.sample(range(8), 8):
            yield (
                f"[rank{rank}]: iteration {step:8}/ 5000000 | consumed samples: {step * 32:12} | elapsed time per iteration (ms): "
                f"{1200 + rng.random() * 90:.1f} | learning rate: {1e-4 * rng.random():.3E} | lm loss: {float(2 + rng.random()):.6E} | "
                f"grad norm: {rng.random():.3f} |\n"
            ).encode()
            if rng.random() < 0.01:
                yield (
                    b"[rank%d]:W0720 10:00:00.123 torch/_dynamo/convert_frame.py:964] [0/8] torch._dynamo hit recompile_limit (8)\n" % rank
                )


KINDS: dict[str, Callable[[random.Random], Iterator[bytes]]] = {
    "hf": hf,
    "hf_lines": hf_lines,
    "megatron": megatron,
    "nanogpt": nanogpt,
    "ranks": ranks,
}

if __name__ == "__main__":
    write(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]))
