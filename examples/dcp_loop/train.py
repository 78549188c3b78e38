"""A plain loop that saves with torch.distributed.checkpoint and lets itself be asked: the three calls, and nothing else of trainwatch.

trainwatch launch --may save -- torchrun --nproc_per_node=2 examples/dcp_loop/train.py --out out
"""

import argparse
import time
from pathlib import Path

import torch
import torch.distributed as dist
import torch.distributed.checkpoint as dcp
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.tensor import Shard, distribute_tensor

try:
    from trainwatch_hook import evaluated, poll, saved
except ImportError:
    evaluated = poll = saved = lambda *_: None

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--out", type=Path, default=Path("out"))
parser.add_argument("--steps", type=int, default=200)
parser.add_argument("--save-every", type=int, default=20)
parser.add_argument("--pace", type=float, default=0.02)
parser.add_argument("--resume", type=Path)
args = parser.parse_args()

dist.init_process_group("gloo")
torch.manual_seed(0)
mesh = init_device_mesh("cpu", (dist.get_world_size(),))
state = {"weight": distribute_tensor(torch.randn(32, 16), mesh, [Shard(0)]), "bias": torch.zeros(16), "step": 0}
if args.resume:
    dcp.load(state, checkpoint_id=str(args.resume))
    print(f"resumed at {state['step']}", flush=True)


def save(path: Path) -> None:
    """Save on all ranks, and say so."""
    dcp.save(state, checkpoint_id=str(path))
    saved(path)


for step in range(state["step"] + 1, args.steps + 1):
    time.sleep(args.pace)
    dist.all_reduce(torch.ones(4))
    state["weight"] = state["weight"] * 0.99
    state["step"] = step
    word = poll(step)
    if word == "save" or step % args.save_every == 0 or (step % 10 == 0 and evaluated(1 / step, step)):
        save(args.out / f"step_{step}")
    if word == "stop":
        break
print(f"rank {dist.get_rank()} done", flush=True)
dist.destroy_process_group()
