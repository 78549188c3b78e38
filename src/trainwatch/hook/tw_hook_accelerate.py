"""Accelerate in a loop of one's own: saved with `save_state` before the first batch after a step, in the folder that the script last used."""

import os
import re
import sys

FOLDER = "TRAINWATCH_SAVE_DIR"  # where to save when the script has not told yet
CAPS = ("save", "hold")  # nobody tells of evaluations
COUNTING = re.compile(r"((?:global_?)?step|checkpoint|ckpt|iter)([-_=]?)(\d+)$")


def serve(module, hook):
    loop = Loop(hook)
    theirs = module.Accelerator
    backward, accumulate, save, load = theirs.backward, theirs.accumulate, theirs.save_state, theirs.load_state
    step = module.AcceleratedOptimizer.step

    def ours_step(self, *args, **kwargs):
        result = step(self, *args, **kwargs)
        loop.stepped = loop.stepped or self.gradient_state.sync_gradients
        return result

    def ours_backward(self, *args, **kwargs):
        loop.batch(self)
        return backward(self, *args, **kwargs)

    def ours_accumulate(self, *args, **kwargs):
        loop.batch(self)
        return accumulate(self, *args, **kwargs)

    def ours_save(self, output_dir=None, *args, **kwargs):
        path = save(self, output_dir, *args, **kwargs)
        loop.note(output_dir, kwargs, loop.pending(self))
        return path

    def ours_load(self, input_dir=None, *args, **kwargs):
        loop.loaded(input_dir)
        return load(self, input_dir, *args, **kwargs)

    module.AcceleratedOptimizer.step = ours_step
    theirs.backward, theirs.accumulate, theirs.save_state, theirs.load_state = ours_backward, ours_accumulate, ours_save, ours_load
    loop.save_with = save
    loop.batch, loop.note, loop.loaded = hook.harmless(loop.batch), hook.harmless(loop.note), hook.harmless(loop.loaded)


class Loop:
    """The script's loop, as far as it shows: steps, and where it saves."""

    def __init__(self, hook):
        self.hook = hook
        self.stepped = False  # since the last batch began
        self.engine_steps = None  # of DeepSpeed, when the last batch began
        self.count = 0  # optimizer steps so far
        self.last = None  # the name of the script's last save
        self.marks = []  # (count, number in the name) of its last two
        self.more = {}

    def batch(self, accelerator):
        """A batch begins: the step before it, if there was one, is all done."""
        hook = self.hook
        if not hook.mine("accelerate"):
            return
        engine = engine_of(accelerator)
        if engine is not None and self.engine_steps is None:  # before the engine's own file takes it for a loop without Accelerate
            self.engine_steps = engine.global_steps
            hook.begins("accelerate", 0, CAPS, lambda standing: self.plan(accelerator))
        if not self.pending(accelerator):
            return
        self.stepped = False
        self.engine_steps = engine.global_steps if engine is not None else None
        self.count += 1
        serving = hook.begins("accelerate", self.count, CAPS, lambda standing: self.plan(accelerator))
        if serving and hook.boundary(self.number() or self.count):
            hook.save(lambda: self.save(accelerator))
        if hook.leave:
            sys.exit(0)

    def pending(self, accelerator):
        """Whether a step was done since the last batch began."""
        engine = engine_of(accelerator)
        return self.stepped if engine is None else self.engine_steps not in (None, engine.global_steps)

    def note(self, folder, more, pending=False):
        if folder is not None and self.hook.mine("accelerate"):
            self.last, self.more = os.path.abspath(os.fspath(folder)), more
            found = COUNTING.search(os.path.basename(self.last))
            self.marks = self.marks[-1:] + [(self.count + pending, int(found.group(3)))] if found else []

    def loaded(self, folder):
        if folder is not None and self.last is None:
            self.note(folder, {})

    def number(self):
        """What the script would call a save now, by its last two names; None when they do not count."""
        if not self.marks:
            return None
        (count, number), (before, lower) = self.marks[-1], self.marks[0]
        if count > before:
            pace = (number - lower) / (count - before)
        else:
            pace = number / count if count and number % count == 0 else 1
        return int(number + pace * (self.count - count))

    def plan(self, accelerator):
        settings = accelerator.project_configuration
        if settings.automatic_checkpoint_naming:
            folder = os.path.join(os.path.abspath(accelerator.project_dir), "checkpoints")
            there = len(os.listdir(folder)) if os.path.isdir(folder) else 0
            if settings.total_limit is not None and there + 1 > settings.total_limit:
                return {"why": "total_limit=%d: a save that was asked for would delete a checkpoint" % settings.total_limit}
            return {"folder": folder}
        if not self.folder(accelerator):
            return {"why": "no folder is known: the script has not saved yet, has no project_dir, and %s is not set" % FOLDER}
        return {"folder": self.folder(accelerator)}

    def folder(self, accelerator):
        if self.last:
            return os.path.dirname(self.last)
        known = os.environ.get(FOLDER) or accelerator.project_dir
        return os.path.abspath(known) if known else None

    def save(self, accelerator):
        """Save on all ranks, under a name as the script would give it; never one that is there already."""
        if accelerator.project_configuration.automatic_checkpoint_naming:
            return self.carefully(accelerator, **self.more)
        number = self.number()
        found = COUNTING.search(os.path.basename(self.last)) if self.last and number is not None else None
        name = "%s%s%d" % (found.group(1), found.group(2), number) if found else "step_%d" % self.count
        path = os.path.join(self.folder(accelerator), name)
        taken = self.hook.rank == 0 and os.path.lexists(path)
        path += "-1" if self.hook.meet(int(taken)) else ""
        self.carefully(accelerator, path, **self.more)
        return path

    def carefully(self, accelerator, *args, **more):
        """Where each rank writes for itself, a failure keeps nobody waiting."""
        try:
            return self.save_with(accelerator, *args, **more)
        except Exception as error:
            if str(accelerator.distributed_type.value) in ("DEEPSPEED", "FSDP", "MEGATRON_LM"):
                raise
            raise self.hook.Unsaved("%s: %s" % (type(error).__name__, error))


def engine_of(accelerator):
    return getattr(getattr(accelerator, "deepspeed_engine_wrapped", None), "engine", None)
