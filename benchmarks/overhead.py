"""What watching costs: processor and memory of supervisor, shim and a view in plain lines, as in a batch job, against `tail -F`."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

JOB = """
import os, sys, time
seconds, pace = float(sys.argv[1]), float(sys.argv[2])
end, step = time.monotonic() + seconds, 0
while time.monotonic() < end:
    step += 1
    loss = 3.0 / (1 + step / 500) + step % 7 / 100
    print({"loss": round(loss, 4), "grad_norm": 0.5, "learning_rate": 1e-5, "epoch": step / 1000, "step": step}, flush=True)
    if step % 600 == 0:
        print({"eval_loss": round(loss + 0.1, 4), "epoch": step / 1000, "step": step}, flush=True)
    time.sleep(pace)
"""
"""A Trainer's lines: six keys a step, an evaluation a minute."""

SETTLED = 10.0
"""Seconds of starting that are not counted."""


def main() -> None:
    """Launch a job that only prints, watch the watchers, print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=600.0, help="how long to look (default: ten minutes)")
    parser.add_argument("--pace", type=float, default=0.1, help="seconds between lines")
    parser.add_argument("--may", default="save", help="what trainwatch may do; empty: only watch")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        measure(Path(folder), args)


def measure(folder: Path, args: argparse.Namespace) -> None:
    """One run in a folder of its own, gone afterwards."""
    script, log = folder / "job.py", folder / "train.out"
    script.write_text(JOB)
    log.touch()
    allow = ["--may", args.may] if args.may else []
    job = [sys.executable, str(script), str(args.seconds + SETTLED + 5), str(args.pace)]
    command = [sys.executable, "-P", "-m", "trainwatch", "launch", "--plain", "--log", str(log), "--append", *allow, "--", *job]
    environ = {**os.environ, "XDG_STATE_HOME": str(folder / "state"), "TRAINWATCH_HOME": str(folder / "runs")}
    front = subprocess.Popen(
        command, cwd=folder, env=environ, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    time.sleep(SETTLED)
    run = next((folder / "runs").glob("*/job.json")).parent
    tail = subprocess.Popen(["tail", "-F", str(log)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    bare = subprocess.Popen([sys.executable, "-I", "-S", "-c", "import time; time.sleep(1e6)"])
    watched = {
        "supervisor": psutil.Process(json.loads((run / "supervisor.lock").read_text())["pid"]),
        "shim": psutil.Process(json.loads((run / "job.json").read_text())["shim"]["pid"]),
        "launch in front": psutil.Process(front.pid),
        "tail -F": psutil.Process(tail.pid),
        "python -I -S -c sleep": psutil.Process(bare.pid),
    }
    try:
        table(watched, args.seconds)
    finally:
        tail.kill()
        bare.kill()
        front.wait(120)


def table(watched: dict[str, psutil.Process], seconds: float) -> None:
    """Look twice, and print what was used in between."""
    before, began = {name: used(process) for name, process in watched.items()}, time.monotonic()
    time.sleep(seconds)
    passed = time.monotonic() - began
    print(f"\noverhead of watching  ({passed:.0f} s; goal: supervisor 0.5 % of a core and 40 MB, shim 15 MB)")
    print(f"  {'':24}{'% of a core':>12}{'MB':>8}{'MB at most':>12}")
    for name, process in watched.items():
        share = (used(process) - before[name]) / passed
        print(f"  {name:24}{share * 100:12.3f}{process.memory_info().rss / 1e6:8.1f}{peak(process) / 1e6:12.1f}")


def used(process: psutil.Process) -> float:
    """Seconds of processor time so far."""
    times = process.cpu_times()
    return float(times.user + times.system)


def peak(process: psutil.Process) -> int:
    """The largest resident memory so far, in bytes."""
    lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
    return 1024 * int(next(line for line in lines if line.startswith("VmHWM")).split()[1])


if __name__ == "__main__":
    main()
