"""The Trainer's example with its own checkpoint on SIGTERM switched on, and no hook of ours in it."""

import functools
import runpy
from pathlib import Path

import transformers

transformers.TrainingArguments = functools.partial(transformers.TrainingArguments, enable_jit_checkpoint=True)
runpy.run_path(str(Path(__file__).parents[2] / "examples/hf_overfit/train.py"), run_name="__main__")
