"""The same as `examples/overfit_lm`, with the Hugging Face Trainer: nothing in this script knows of trainwatch.

    OMP_NUM_THREADS=1 torchrun --nproc_per_node=2 examples/hf_overfit/train.py

A tiny GPT-2 from scratch, on the CPU, no downloads.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from torch import Tensor
from torch.utils.data import Dataset
from transformers import GPT2Config, GPT2LMHeadModel, Trainer, TrainingArguments

TEXT = (Path(__file__).parent.parent / "overfit_lm" / "text.txt").read_text(encoding="ascii")
LETTERS = sorted(set(TEXT))
CONTEXT = 64


class Windows(Dataset[dict[str, Tensor]]):
    """Overlapping stretches of a text, as letters."""

    def __init__(self, text: str, stride: int) -> None:
        letters = torch.tensor([LETTERS.index(c) for c in text])
        self.rows = letters.unfold(0, CONTEXT, stride)

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        return {"input_ids": self.rows[index], "labels": self.rows[index]}


def model() -> GPT2LMHeadModel:
    """About 600 thousand parameters, no dropout."""
    config = GPT2Config(
        vocab_size=len(LETTERS),
        n_positions=CONTEXT,
        n_embd=128,
        n_layer=3,
        n_head=4,
        resid_pdrop=0.0,
        embd_pdrop=0.0,
        attn_pdrop=0.0,
        bos_token_id=0,
        eos_token_id=0,
    )
    return GPT2LMHeadModel(config)


def main() -> None:
    """One rank of the job."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", default="out")
    parser.add_argument("--resume")
    parser.add_argument("--max-steps", type=int, default=960)
    parser.add_argument("--eval-steps", type=int, default=40)
    parser.add_argument("--save-steps", type=int, default=500)
    parser.add_argument("--save-total-limit", type=int)
    args = parser.parse_args()

    torch.manual_seed(0)
    cut = len(TEXT) * 3 // 4
    training = TrainingArguments(
        output_dir=args.out,
        max_steps=args.max_steps,
        per_device_train_batch_size=16,
        per_device_eval_batch_size=32,
        learning_rate=5e-4,
        lr_scheduler_type="cosine",
        warmup_steps=20,
        logging_steps=8,
        eval_strategy="steps",
        eval_steps=args.eval_steps,
        save_steps=args.save_steps,
        save_total_limit=args.save_total_limit,
        report_to=[],
        use_cpu=True,
        ddp_backend="gloo",
        ddp_find_unused_parameters=False,
        dataloader_pin_memory=False,
    )
    data = {"train_dataset": Windows(TEXT[:cut], 3), "eval_dataset": Windows(TEXT[cut:], CONTEXT // 2)}
    Trainer(model=model(), args=training, **data).train(resume_from_checkpoint=args.resume)


if __name__ == "__main__":
    main()
