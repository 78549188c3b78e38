"""A Lightning Trainer on one or two ranks; it knows nothing of trainwatch."""
# ruff: noqa: D101, D102  the methods are those of the framework

import argparse
import time
from pathlib import Path

import lightning.pytorch as pl
import torch
from lightning.pytorch.callbacks import ModelCheckpoint
from torch.utils.data import DataLoader, TensorDataset

parser = argparse.ArgumentParser()
parser.add_argument("--out", type=Path, required=True)
parser.add_argument("--steps", type=int, default=200)
parser.add_argument("--save-every", type=int, default=40)
parser.add_argument("--devices", type=int, default=2)
parser.add_argument("--pace", type=float, default=0.02)
parser.add_argument("--resume")
args = parser.parse_args()


class Model(pl.LightningModule):
    def __init__(self):
        super().__init__()
        self.net = torch.nn.Sequential(torch.nn.Linear(16, 64), torch.nn.ReLU(), torch.nn.Linear(64, 1))

    def training_step(self, batch, _):
        time.sleep(args.pace)
        loss = self.net(batch[0]).pow(2).mean()
        self.log("train_loss", loss)
        return loss

    def validation_step(self, batch, _):
        self.log("val_loss", self.net(batch[0]).pow(2).mean(), sync_dist=True)

    def on_load_checkpoint(self, checkpoint):
        print(f"resumed at {checkpoint['global_step']}", flush=True)

    def configure_optimizers(self):
        return torch.optim.Adam(self.parameters(), lr=1e-3)


torch.manual_seed(0)
train, val = (DataLoader(TensorDataset(torch.randn(n, 16)), batch_size=4) for n in (160, 32))
trainer = pl.Trainer(
    accelerator="cpu",
    devices=args.devices,
    strategy="ddp" if args.devices > 1 else "auto",
    max_steps=args.steps,
    val_check_interval=10,
    default_root_dir=args.out,
    callbacks=[ModelCheckpoint(dirpath=args.out, every_n_train_steps=args.save_every, save_top_k=-1)],
    logger=False,
    enable_progress_bar=False,
    enable_model_summary=False,
)
trainer.fit(Model(), train, val, ckpt_path=args.resume)
print(f"rank {trainer.global_rank} done at {trainer.global_step}", flush=True)
