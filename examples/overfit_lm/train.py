"""A small GPT that learns eight sonnets by heart: the train loss goes to zero while the eval loss turns up within a minute.

    OMP_NUM_THREADS=1 torchrun --nproc_per_node=2 examples/overfit_lm/train.py

Two ranks, on the CPU, no network. Under `trainwatch launch --may save` it can be asked for checkpoints through three calls, which do
nothing when trainwatch is not there. All three are made on every rank, because the ranks decide together.
"""

from __future__ import annotations

import argparse
import math
import os
from pathlib import Path

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.parallel import DistributedDataParallel

try:
    from trainwatch_hook import evaluated, poll, saved
except ImportError:

    def evaluated(value: float, step: int) -> bool:  # noqa: ARG001
        """Whether the weights just evaluated are to be saved."""
        return False

    def poll(step: int) -> str | None:  # noqa: ARG001
        """What is asked for at this step: "save", "stop" or nothing."""
        return None

    def saved(path: Path) -> None:
        """Every rank has saved. May take a while: the answer is awaited here."""


TEXT = Path(__file__).with_name("text.txt").read_text(encoding="ascii")
LETTERS = sorted(set(TEXT))
CONTEXT = 64


class Block(nn.Module):
    """Attention and a feed-forward layer, each after a norm and added to what came in."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

    def forward(self, x: Tensor) -> Tensor:
        """Shapes (batch, time, width) in and out."""
        batch, time, width = x.shape
        q, k, v = (t.view(batch, time, self.heads, -1).transpose(1, 2) for t in self.qkv(self.norm1(x)).chunk(3, dim=2))
        seen = functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.out(seen.transpose(1, 2).reshape(batch, time, width))
        return x + self.mlp(self.norm2(x))


class GPT(nn.Module):
    """A character model, without dropout: nothing keeps it from memorising."""

    def __init__(self, width: int = 128, heads: int = 4, layers: int = 3) -> None:
        super().__init__()
        self.token, self.place = nn.Embedding(len(LETTERS), width), nn.Embedding(CONTEXT, width)
        self.blocks = nn.Sequential(*(Block(width, heads) for _ in range(layers)))
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, len(LETTERS))
        for weight in self.parameters():
            if weight.dim() == 2:
                nn.init.normal_(weight, std=0.02)

    def forward(self, letters: Tensor, following: Tensor) -> Tensor:
        """The mean cross-entropy, in nats, of the letters that follow."""
        x = self.token(letters) + self.place(torch.arange(letters.shape[1]))
        return functional.cross_entropy(self.head(self.norm(self.blocks(x))).flatten(0, 1), following.flatten())


def options() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("out"), help="folder of the checkpoints")
    parser.add_argument("--resume", type=Path, help="a checkpoint to go on from")
    parser.add_argument("--total-steps", type=int, default=960)
    parser.add_argument("--eval-steps", type=int, default=40)
    parser.add_argument("--logging-steps", type=int, default=8)
    parser.add_argument("--save-steps", type=int, default=500)
    parser.add_argument("--learning-rate", type=float, default=5e-4)
    parser.add_argument("--warmup-steps", type=int, default=20)
    parser.add_argument("--batch-size", type=int, default=20, help="sequences per rank and step")
    return parser.parse_args()


def windows(letters: Tensor, starts: Tensor) -> tuple[Tensor, Tensor]:
    """The sequences that begin at `starts`, and the same one letter later."""
    rows = torch.stack([letters[s : s + CONTEXT + 1] for s in starts.tolist()])
    return rows[:, :-1], rows[:, 1:]


def batch(letters: Tensor, size: int, step: int, rank: int) -> tuple[Tensor, Tensor]:
    """The batch of a step and rank: drawn anew from the two numbers, so that a resumed run sees what the first would have seen."""
    draw = torch.Generator().manual_seed(1000 * step + rank)
    return windows(letters, torch.randint(len(letters) - CONTEXT - 1, (size,), generator=draw))


def learning_rate(step: int, args: argparse.Namespace) -> float:
    """Linear warm-up, then half a cosine down to zero."""
    if step < args.warmup_steps:
        return args.learning_rate * step / args.warmup_steps
    done = (step - args.warmup_steps) / (args.total_steps - args.warmup_steps)
    return args.learning_rate * 0.5 * (1 + math.cos(math.pi * done))


@torch.no_grad()
def evaluate(model: nn.Module, letters: Tensor, rank: int, world: int) -> float:
    """The eval loss over all of `letters`, each rank doing its share."""
    starts = torch.arange(0, len(letters) - CONTEXT - 1, CONTEXT // 2)[rank::world]
    total = torch.stack([model(*windows(letters, starts)) * len(starts), torch.tensor(float(len(starts)))])
    dist.all_reduce(total)
    return float(total[0] / total[1])


def save(path: Path, model: nn.Module, optimizer: torch.optim.Optimizer, step: int) -> None:
    """Rank 0 writes the checkpoint, under its name only when it is whole."""
    if dist.get_rank() == 0:
        print(f"Saving model checkpoint to {path}", flush=True)
        path.parent.mkdir(parents=True, exist_ok=True)
        tmp = path.with_suffix(".tmp")
        torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict(), "step": step}, tmp)
        tmp.replace(path)


def train(args: argparse.Namespace, rank: int, world: int) -> None:
    """Train, log, evaluate, save; and save when asked to."""
    torch.manual_seed(0)
    letters = torch.tensor([LETTERS.index(c) for c in TEXT])
    learn, check = letters[: len(letters) * 3 // 4], letters[len(letters) * 3 // 4 :]
    steps_per_epoch = len(learn) / (args.batch_size * world * CONTEXT)
    model = GPT()
    optimizer = torch.optim.AdamW(model.parameters(), lr=args.learning_rate, betas=(0.9, 0.99), weight_decay=0.0)
    first = 1
    if args.resume:
        state = torch.load(args.resume, weights_only=True)
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        first = state["step"] + 1
        say(rank, f"Resuming from {args.resume} at step {state['step']}")
    parallel = DistributedDataParallel(model)
    losses: list[Tensor] = []
    for step in range(first, args.total_steps + 1):
        rate = learning_rate(step, args)
        for group in optimizer.param_groups:
            group["lr"] = rate
        loss = parallel(*batch(learn, args.batch_size, step, rank))
        optimizer.zero_grad()
        loss.backward()
        norm = nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        losses.append(loss.detach())

        epoch = round(step / steps_per_epoch, 2)
        if step % args.logging_steps == 0:
            mean = round(float(torch.stack(losses).mean()), 4)
            losses.clear()
            say(rank, {"loss": mean, "grad_norm": round(float(norm), 4), "learning_rate": rate, "epoch": epoch, "step": step})
        path = args.out / f"ckpt_{step}.pt"
        asked = False
        if step % args.eval_steps == 0:
            value = evaluate(model, check, rank, world)
            say(rank, {"eval_loss": round(value, 4), "epoch": epoch, "step": step})
            asked = evaluated(value, step)
        word = poll(step)
        if asked or word == "save" or step % args.save_steps == 0:
            save(path, model, optimizer, step)
            saved(path)
        if word == "stop":
            break


def say(rank: int, line: object) -> None:
    """Print, on the first rank only."""
    if rank == 0:
        print(line, flush=True)


def main() -> None:
    """One rank of the job."""
    args = options()
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    dist.init_process_group("gloo")
    rank, world = dist.get_rank(), dist.get_world_size()
    for name, value in {**vars(args), "world_size": world, "lr_scheduler_type": "cosine"}.items():
        say(rank, f"{name} = {value}")
    train(args, rank, world)
    dist.destroy_process_group()


if __name__ == "__main__":
    main()
