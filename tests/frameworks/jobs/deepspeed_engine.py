"""A loop around a raw DeepSpeed engine, on two ranks; it knows nothing of trainwatch. Prints a line a step."""

import argparse
import time
from pathlib import Path

import deepspeed
import torch

parser = argparse.ArgumentParser()
parser.add_argument("--out", type=Path, required=True)
parser.add_argument("--steps", type=int, default=200)
parser.add_argument("--save-every", type=int, default=20)
parser.add_argument("--stage", type=int, default=2)
parser.add_argument("--bf16", action="store_true")
parser.add_argument("--pace", type=float, default=0.02)
parser.add_argument("--resume", type=Path)
parser.add_argument("--local_rank", type=int)
args = parser.parse_args()

deepspeed.init_distributed("gloo")
torch.manual_seed(0)
model = torch.nn.Sequential(torch.nn.Linear(16, 64), torch.nn.ReLU(), torch.nn.Linear(64, 1))
config = {
    "train_micro_batch_size_per_gpu": 4,
    "gradient_accumulation_steps": 2,
    "optimizer": {"type": "Adam", "params": {"lr": 1e-3, "torch_adam": True}},
    "zero_allow_untested_optimizer": True,
    "zero_optimization": {"stage": args.stage},
    "bf16": {"enabled": args.bf16},
    "steps_per_print": 1_000_000,
}
engine, *_ = deepspeed.initialize(model=model, model_parameters=model.parameters(), config=config)
start = 0
if args.resume:
    path, state = engine.load_checkpoint(str(args.resume.parent), tag=args.resume.name)
    assert path is not None
    start = state["step"]
    print(f"resumed at {start} from {path}", flush=True)
try:
    for step in range(start + 1, args.steps + 1):
        for _ in range(2):
            x = torch.randn(4, 16, dtype=torch.bfloat16 if args.bf16 else torch.float32)
            loss = engine(x).float().pow(2).mean()
            engine.backward(loss)
            engine.step()
        time.sleep(args.pace)
        if step % args.save_every == 0:
            engine.save_checkpoint(str(args.out), client_state={"step": step, "name": "engine"})
        if engine.global_rank == 0:
            print({"loss": float(loss), "step": step}, flush=True)
finally:
    torch.distributed.destroy_process_group()
print(f"rank {engine.global_rank} done", flush=True)
