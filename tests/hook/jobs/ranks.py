"""A plain loop on several ranks: a sum over all ranks is its step. `WRONG` makes one thing go wrong on the last rank.

0 steps: until the file `end` is there.
"""

import os
import pathlib
import sys
import time

import torch
import torch.distributed as dist

try:
    from trainwatch_hook import evaluated, poll, saved
except ImportError:
    evaluated = poll = saved = lambda *_: None

OUT = pathlib.Path(os.environ["OUT"])
WRONG = os.environ.get("WRONG", "")
for name in ("AGREE_WITHIN", "JOIN_WITHIN"):
    if name in os.environ and hasattr(poll, "__self__"):
        poll.__self__.join.__globals__[name] = float(os.environ[name])
END = pathlib.Path("end")
STEPS, PACE = int(sys.argv[1]), float(sys.argv[2])

dist.init_process_group("gloo")
rank, world = dist.get_rank(), dist.get_world_size()
last = rank == world - 1


def fail(*_, **__):
    raise RuntimeError("broken on purpose")


def save(step):
    path = OUT / f"ckpt_{step}"
    path.mkdir(exist_ok=True)
    if last and WRONG == "slow save":
        time.sleep(float(os.environ.get("SLOW", "1.5")))
    (path / f"rank{rank}.pt").write_text("weights")
    saved(path)


spent, step, over = 0.0, 0, False
while not over:
    step += 1
    time.sleep(PACE)
    ended = torch.tensor(step == STEPS if STEPS else END.exists(), dtype=torch.float32)
    dist.all_reduce(ended)
    over = bool(ended)
    if last and WRONG == "raises" and step == 20:
        poll.__self__.tell = fail
        poll.__self__.beaten = -100.0
    if last and WRONG == "dies" and step == 20:
        os._exit(7)
    if last and WRONG == "dies in the agreement" and step == 20:
        poll.__self__.meet = lambda *_: os._exit(7)
    began = time.perf_counter()
    word = poll(step)
    spent += time.perf_counter() - began if step > 1 else 0.0  # the first one makes the groups
    if word == "save":
        save(step)
    if step % 25 == 0 and evaluated(1.0 / step, step):
        save(step)
    if word == "stop":
        print(f"rank {rank} stopped at {step}", flush=True)
        break
print(f"rank {rank} done, {spent / step * 1e6:.0f} us a poll", flush=True)
dist.destroy_process_group()
