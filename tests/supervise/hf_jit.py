"""The Trainer's example with its own checkpoint on SIGTERM switched on, and no hook of ours in it.

Each rank has a timer, which may run out in a step of its own: the ranks then wait for each other in vain, and nothing is saved. Here they
agree on the step, so that what is tested does not hang on luck, and close their group, without which gloo aborts one of them now and then
(pytorch issue 190489).
"""

import functools
import runpy
from pathlib import Path

import torch
import transformers
from torch import distributed
from transformers.trainer_jit_checkpoint import CheckpointManager, JITCheckpointCallback


class Due(CheckpointManager):
    """A timer that has run out waits for the ranks to agree."""

    due = False

    def _enable_checkpoint(self):
        self.due = True

    def agree(self):
        """Ask for the checkpoint where one timer has run out, on all ranks at the same step."""
        due = torch.tensor(int(self.due))
        distributed.all_reduce(due, distributed.ReduceOp.MAX)
        self.due, self.is_checkpoint_requested = False, bool(due)


def on_step_begin(self, args, state, control, **kwargs):
    """The Trainer's own, after the ranks have agreed."""
    self.jit_manager.agree()
    theirs(self, args, state, control, **kwargs)


theirs = JITCheckpointCallback.on_step_begin
JITCheckpointCallback.on_step_begin = on_step_begin
transformers.trainer_jit_checkpoint.CheckpointManager = Due
transformers.TrainingArguments = functools.partial(transformers.TrainingArguments, enable_jit_checkpoint=True)
runpy.run_path(str(Path(__file__).parents[2] / "examples/hf_overfit/train.py"), run_name="__main__")
if distributed.is_initialized():
    distributed.destroy_process_group()
