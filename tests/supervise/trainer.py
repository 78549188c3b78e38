"""A trainer in a few lines of standard library: prints like HF Trainer, overfits, and speaks the hook's protocol.

What it does badly is asked for with options, so that every way in which a save or a stop can go wrong has a test.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import signal
import socket
import struct
import sys
import time
import zipfile
from contextlib import suppress
from pathlib import Path


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--steps", type=int, default=100_000)
    parser.add_argument("--pause", type=float, default=0.02)
    parser.add_argument("--out", type=Path, default=Path("out"))
    parser.add_argument("--resume", type=Path)
    parser.add_argument("--no-hook", action="store_true")
    parser.add_argument("--save", choices=["ok", "fail", "torn", "silent", "slow"], default="ok")
    parser.add_argument("--cut", type=int, default=0, help="which file a torn checkpoint lacks the end of")
    parser.add_argument("--go", type=Path, help="the first step waits until this file is there")
    parser.add_argument("--until", type=Path, help="the script ends by itself when this file is there")
    parser.add_argument("--end-at", choices=["saving", "saved", "holding"], help="the script ends by itself there")
    parser.add_argument("--hang-at", type=int, help="the step at which it does nothing more")
    parser.add_argument("--nan-from", type=int, help="the step from which the loss is not a number")
    parser.add_argument("--port", type=int, help="held as long as this process lives")
    parser.add_argument("--save-every", type=int, default=0)
    parser.add_argument("--term", choices=["die", "ignore", "slow", "torn"], default="die")
    parser.add_argument("--code", type=int, default=0)
    parser.add_argument("--doorbell", choices=["save_now", "usr1", "jit"])
    parser.add_argument("--flat", action="store_true", help="the eval loss never turns up")
    return parser.parse_known_args()[0]


def put(path: Path, value: dict[str, object]) -> None:
    """Whole or absent. A full disk is tried again for a while, and hurts nobody."""
    new = path.with_name(path.name + ".new")
    for _ in range(50):
        try:
            new.write_text(json.dumps({"v": 1, **value}), encoding="utf-8")
            new.replace(path)
        except OSError:
            time.sleep(0.1)
        else:
            return


def get(path: Path) -> dict[str, object]:
    """Empty when it is not there."""
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return {}


def torch_file() -> bytes:
    """A file of torch.save with nothing in it that anybody reads."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name in ("data.pkl", "data/0", "version"):
            archive.writestr(f"archive/{name}", b"\0" * 64)
    return data.getvalue()


def checkpoint(folder: Path, step: int, *, cut: int | None = None) -> Path:
    """A checkpoint as HF Trainer writes it, with weights of eight bytes. `cut` picks the file that is torn, and where."""
    path = folder / f"checkpoint-{step}"
    path.mkdir(parents=True, exist_ok=True)
    header = json.dumps({"w": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}).encode()
    world = int(os.environ.get("WORLD_SIZE", "1"))
    states = ["optimizer.pt", "scheduler.pt", *(["rng_state.pth"] if world == 1 else [f"rng_state_{rank}.pth" for rank in range(world)])]
    files = {
        "model.safetensors": struct.pack("<Q", len(header)) + header + b"\0" * 8,
        **dict.fromkeys(states, torch_file()),
        "config.json": b'{"model_type": "tiny"}',
        "trainer_state.json": json.dumps({"global_step": step}).encode(),
    }
    if cut is not None:
        name = list(files)[cut % len(files)]
        files[name] = files[name][: cut % len(files[name])]
    for name, data in files.items():
        (path / name).write_bytes(data)
    return path


class Job:
    """The loop."""

    def __init__(self, args: argparse.Namespace) -> None:
        self.args = args
        self.step = 0
        self.rank, self.world = int(os.environ.get("RANK", "0")), int(os.environ.get("WORLD_SIZE", "1"))
        self.best = float("inf")
        self.seen: set[object] = set()
        run_dir = os.environ.get("TRAINWATCH_RUN_DIR")
        self.dir = None if args.no_hook or run_dir is None else Path(run_dir)
        self.beaten = 0.0
        self.rung = False
        if args.doorbell == "usr1":
            signal.signal(signal.SIGUSR1, self.ring)
        if args.doorbell == "jit":
            signal.signal(signal.SIGTERM, self.ring)
        if args.port and not self.rank:
            self.socket = socket.create_server(("127.0.0.1", args.port))
        if args.term == "ignore":
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
        elif args.term == "torn":
            signal.signal(signal.SIGTERM, lambda *_: (checkpoint(args.out.absolute(), self.step + 1, cut=0), sys.exit(0)))
        elif args.term == "slow":
            signal.signal(signal.SIGTERM, lambda *_: (time.sleep(1), sys.exit(0)))

    def run(self) -> int:
        """Train; returns the exit code."""
        while self.rank:
            self.beat("train")
            time.sleep(0.05)
        print("total_steps = 250\neval_steps = 10", flush=True)
        if self.args.resume:
            self.step = int(str(get(self.args.resume / "trainer_state.json")["global_step"]))
            print(f"resumed at step {self.step}", flush=True)
        self.beat("train")
        while self.args.go and not self.args.go.exists():
            time.sleep(0.02)
        while self.step < self.args.steps and not (self.args.until and self.args.until.exists()):
            self.step += 1
            time.sleep(self.args.pause)
            while self.step == self.args.hang_at:
                time.sleep(1)
            broken = self.args.nan_from is not None and self.step >= self.args.nan_from
            print(
                {
                    "loss": float("nan") if broken else round(2.5 / (1 + self.step / 20), 4),
                    "learning_rate": 1e-4,
                    "epoch": self.step / 10,
                    "step": self.step,
                },
                flush=True,
            )
            if self.step % 10 == 0:
                print({"eval_loss": round(self.eval_loss(), 4), "epoch": self.step / 10, "step": self.step}, flush=True)
                self.stand()
            if self.args.save_every and self.step % self.args.save_every == 0:
                checkpoint(self.args.out, self.step)
                print(f"Saving model checkpoint to {self.args.out}/checkpoint-{self.step}", flush=True)
            self.listen()
            if self.dir is not None:
                self.poll(self.dir)
        return int(self.args.code)

    def eval_loss(self) -> float:
        """Best at step 30, then worse and worse."""
        return 2.0 + (0.0 if self.args.flat else abs(self.step - 30) / 100)

    def listen(self) -> None:
        """A script's own way of being asked for a checkpoint."""
        if self.args.doorbell == "save_now" and Path("save_now").exists():
            Path("save_now").unlink()
            self.rung = True
        if self.rung:
            self.rung = False
            print(f"Saving model checkpoint to {checkpoint(self.args.out, self.step, cut=self.cut)}", flush=True)
            if self.args.doorbell == "jit":
                sys.exit(self.args.code)

    @property
    def cut(self) -> int | None:
        """Where a checkpoint that is asked for is torn."""
        return self.args.cut if self.args.save == "torn" else None

    def ring(self, *_: object) -> None:
        """SIGUSR1."""
        self.rung = True

    def stand(self) -> None:
        """The standing order: save the best evaluation."""
        if self.dir is None or not (self.dir / "control/standing.json").exists() or self.eval_loss() >= self.best:
            return
        self.best = self.eval_loss()
        path = checkpoint(self.args.out.absolute(), self.step)
        put(self.dir / f"control/best-{self.step}.json", {"step": self.step, "value": self.best, "path": str(path), "at": 0.0})

    def beat(self, phase: str) -> None:
        """Say that we are here."""
        if self.dir is None or (phase == "train" and time.monotonic() - self.beaten < 0.5):
            return
        self.beaten = time.monotonic()
        ticks = int(Path("/proc/self/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[19])
        host = os.uname().nodename
        rank = {"rank": self.rank, "world_size": self.world, "pid": os.getpid(), "ticks": ticks, "host": host, "kind": "plain"}
        put(
            self.dir / f"ranks/rank{self.rank}.json",
            {**rank, "caps": ["save", "hold", "standing"], "step": self.step, "phase": phase, "at": 0.0},
        )

    def poll(self, run_dir: Path) -> None:
        """Look for a request, as rank 0 does."""
        self.beat("train")
        request = get(run_dir / "control/request.json")
        name = request.get("id")
        if name is None or name in self.seen or request.get("run") != get(run_dir / "run.json").get("run"):
            return
        self.seen.add(name)
        if self.args.save == "silent":
            return
        self.beat("saving")
        self.ack(run_dir, name, "saving")
        if self.args.save == "fail":
            self.ack(run_dir, name, "failed", error="no space left on device")
            return
        if self.args.save == "slow":
            time.sleep(1.5)
        self.end_at("saving")
        path = checkpoint(self.args.out.absolute(), self.step, cut=self.cut)
        with suppress(OSError), (run_dir / "control/saves.txt").open("a", encoding="utf-8") as file:
            file.write(f"{path}\n")
        self.ack(run_dir, name, "saved", path=str(path))
        self.end_at("saved")
        if request.get("op") == "save_stop":
            self.hold(run_dir, name, float(str(request.get("hold_s", 10))))

    def end_at(self, point: str, after: float = 0.0) -> None:
        """The script's own end, if that is where it was to come."""
        if self.args.end_at == point:
            time.sleep(after)
            sys.exit(self.args.code)

    def ack(self, run_dir: Path, name: object, status: str, **more: object) -> None:
        """Answer a request."""
        put(run_dir / f"control/ack-{name}.json", {"id": name, "status": status, "step": self.step, "seconds": 0.1, "at": 0.0, **more})

    def hold(self, run_dir: Path, name: object, limit: float) -> None:
        """Do nothing until we are released."""
        self.beat("holding")
        self.end_at("holding", after=0.3)
        until = time.monotonic() + limit
        while time.monotonic() < until:
            op = get(run_dir / f"control/release-{name}.json").get("op")
            if op == "leave":
                sys.exit(0)
            if op == "go_on":
                return
            time.sleep(0.05)


if __name__ == "__main__":
    sys.exit(Job(options()).run())
