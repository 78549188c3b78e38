"""A loop with Accelerate on one or two ranks; it knows nothing of trainwatch."""

import argparse
import os
import time
from pathlib import Path

import torch
from accelerate import Accelerator, DeepSpeedPlugin, FullyShardedDataParallelPlugin, PartialState
from accelerate.utils import DistributedType
from torch.utils.data import DataLoader, TensorDataset

parser = argparse.ArgumentParser()
parser.add_argument("--out", type=Path, required=True)
parser.add_argument("--steps", type=int, default=200)
parser.add_argument("--save-every", type=int, default=20)
parser.add_argument("--zero", type=int, help="the stage of DeepSpeed")
parser.add_argument("--fsdp", action="store_true")
parser.add_argument("--pace", type=float, default=0.02)
parser.add_argument("--resume", type=Path)
args = parser.parse_args()

plugin = DeepSpeedPlugin(zero_stage=args.zero, gradient_accumulation_steps=2) if args.zero else None
PartialState(cpu=True, **({"backend": "gloo"} if "RANK" in os.environ else {}))
if args.fsdp:  # which Accelerate takes for devices only
    PartialState._shared_state["distributed_type"] = DistributedType.MULTI_GPU
sharded = FullyShardedDataParallelPlugin(fsdp_version=2, state_dict_type="SHARDED_STATE_DICT") if args.fsdp else None
cpu = plugin is None and not args.fsdp
accelerator = Accelerator(cpu=cpu, gradient_accumulation_steps=2, deepspeed_plugin=plugin, fsdp_plugin=sharded)
torch.manual_seed(0)
model = torch.nn.Sequential(torch.nn.Linear(16, 64), torch.nn.ReLU(), torch.nn.Linear(64, 1))
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda _: 1.0)
data = DataLoader(TensorDataset(torch.randn(64, 16)), batch_size=4)
if plugin:
    plugin.deepspeed_config["zero_allow_untested_optimizer"] = True
model, optimizer, scheduler, data = accelerator.prepare(model, optimizer, scheduler, data)
step = 0
if args.resume:
    accelerator.load_state(str(args.resume))
    step = int(args.resume.name.removeprefix("step_"))
    accelerator.print(f"resumed at {step}", flush=True)
while step < args.steps:
    for (x,) in data:
        with accelerator.accumulate(model):
            loss = model(x).pow(2).mean()
            accelerator.backward(loss)
            optimizer.step()
            optimizer.zero_grad()
            scheduler.step()
        if not accelerator.sync_gradients:
            continue
        step += 1
        time.sleep(args.pace)
        accelerator.print({"loss": float(loss), "step": step}, flush=True)
        if step % args.save_every == 0:
            accelerator.save_state(str(args.out / f"step_{step}"))
        if step == args.steps:
            break
print(f"rank {accelerator.process_index} done", flush=True)
