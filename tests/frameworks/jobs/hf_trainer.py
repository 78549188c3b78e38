"""The Hugging Face Trainer on two ranks: full models or adapters, alone or under DeepSpeed; it knows nothing of trainwatch."""
# ruff: noqa: D101, D102, ARG002  the methods are those of the framework

import argparse
import os
import time

import torch
from accelerate import PartialState
from accelerate.utils import DistributedType
from transformers import GPT2Config, GPT2LMHeadModel, Trainer, TrainerCallback, TrainingArguments

parser = argparse.ArgumentParser()
parser.add_argument("--out", required=True)
parser.add_argument("--steps", type=int, default=200)
parser.add_argument("--save-every", type=int, default=40)
parser.add_argument("--zero", type=int)
parser.add_argument("--lora", action="store_true")
parser.add_argument("--fsdp", action="store_true")
parser.add_argument("--keep", type=int)
parser.add_argument("--pace", type=float, default=0.02)
parser.add_argument("--resume")
parser.add_argument("--local_rank", type=int)
args = parser.parse_args()


class Rows(torch.utils.data.Dataset):
    def __len__(self):
        return 256

    def __getitem__(self, index):
        row = torch.arange(16) % 7 + index % 5
        return {"input_ids": row, "labels": row}


class Say(TrainerCallback):
    def on_train_begin(self, _, state, control, **kwargs):
        if state.global_step:
            print(f"resumed at {state.global_step}", flush=True)

    def on_step_end(self, _, state, control, **kwargs):
        time.sleep(args.pace)


torch.manual_seed(0)
model = GPT2LMHeadModel(GPT2Config(vocab_size=16, n_positions=16, n_embd=32, n_layer=2, n_head=2, bos_token_id=0, eos_token_id=0))
if args.lora:
    from peft import LoraConfig, get_peft_model

    model = get_peft_model(model, LoraConfig(r=4, target_modules=["c_attn"], fan_in_fan_out=True))
zero = {
    "train_micro_batch_size_per_gpu": "auto",
    "gradient_accumulation_steps": "auto",
    "zero_allow_untested_optimizer": True,
    "zero_optimization": {"stage": args.zero},
}
training = TrainingArguments(
    output_dir=args.out,
    max_steps=args.steps,
    per_device_train_batch_size=4,
    logging_steps=10,
    eval_strategy="steps",
    eval_steps=20,
    save_steps=args.save_every,
    save_total_limit=args.keep,
    report_to=[],
    use_cpu=True,
    ddp_backend="gloo" if "RANK" in os.environ else None,
    dataloader_pin_memory=False,
    deepspeed=zero if args.zero is not None else None,
    fsdp="full_shard" if args.fsdp else None,
    fsdp_config={"version": 2, "state_dict_type": "SHARDED_STATE_DICT"} if args.fsdp else None,
)
if args.fsdp:  # which Accelerate takes for devices only
    PartialState._shared_state["distributed_type"] = DistributedType.MULTI_GPU
trainer = Trainer(model=model, args=training, train_dataset=Rows(), eval_dataset=Rows(), callbacks=[Say()])
trainer.train(resume_from_checkpoint=args.resume)
print(f"rank {training.process_index} done at {trainer.state.global_step}", flush=True)
