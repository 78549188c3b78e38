"""A DeepSpeed engine in a loop of one's own: saved after its step, in the folder that the script last used.

Trainers that use an engine are served by their own files; this one then keeps still.
"""

import os
import re
import sys

FOLDER = "TRAINWATCH_SAVE_DIR"  # where to save when the script has not told yet


def serve(module, hook):
    engines = Engines(hook)
    theirs = module.DeepSpeedEngine
    step, save, load = theirs.step, theirs.save_checkpoint, theirs.load_checkpoint

    def ours_step(self, *args, **kwargs):
        before = self.global_steps
        result = step(self, *args, **kwargs)
        if self.global_steps != before:
            engines.stepped(self)
        return result

    def ours_save(self, save_dir, tag=None, client_state={}, save_latest=True, **kwargs):
        engines.note(self, save_dir, tag, client_state, kwargs)
        return save(self, save_dir, tag=tag, client_state=client_state, save_latest=save_latest, **kwargs)

    def ours_load(self, load_dir, *args, **kwargs):
        engines.folder = engines.folder or load_dir
        return load(self, load_dir, *args, **kwargs)

    theirs.step, theirs.save_checkpoint, theirs.load_checkpoint = ours_step, ours_save, ours_load
    engines.save_with = save
    engines.note, engines.stepped = hook.harmless(engines.note), hook.harmless(engines.stepped)


class Engines:
    """The engine that steps, and how the script saves it."""

    def __init__(self, hook):
        self.hook = hook
        self.known = set()
        self.folder = os.environ.get(FOLDER)
        self.tag, self.state, self.more, self.at = None, {}, {}, None  # of the script's last save, at that step

    def note(self, engine, folder, tag, state, more):
        if not self.hook.mine("deepspeed"):
            return
        self.folder, self.tag, self.more, self.at = folder, tag, more, engine.global_steps
        self.state = dict(state) if isinstance(state, dict) else {}

    def stepped(self, engine):
        hook = self.hook
        if not hook.mine("deepspeed"):
            return
        self.known.add(id(engine))
        if hook.begins("deepspeed", engine.global_steps, ("save", "hold"), self.plan) and hook.boundary(engine.global_steps):
            hook.save(lambda: self.save(engine))
        if hook.leave:
            sys.exit(0)

    def plan(self, standing):
        if len(self.known) > 1:
            return {"why": "the job has %d DeepSpeed engines: a save of one is no checkpoint" % len(self.known)}
        if not self.folder:
            return {"why": "no folder is known: the script has not saved yet, and %s is not set" % FOLDER}
        return {"folder": os.path.abspath(self.folder)}

    def save(self, engine):
        """Save on all ranks. A rank that cannot write goes through all the same meetings; `latest` is written when all could."""
        tag = self.name(engine)
        failures = []
        tamed = [(engine.checkpoint_engine, "save"), (engine, "_copy_recovery_script")]  # all that writes between the meetings
        tamed = [(owner, name) for owner, name in tamed if hasattr(owner, name)]
        for owner, name in tamed:
            setattr(owner, name, carefully(getattr(owner, name), failures))
        try:
            self.save_with(engine, self.folder, tag=tag, client_state=self.moved(engine), save_latest=False, **self.more)
        finally:
            for owner, name in tamed:
                delattr(owner, name)
        path = os.path.join(self.folder, tag)
        failed = self.hook.meet(int(bool(failures)), long=True)
        if failures:
            raise self.hook.Unsaved("%s: %s: %s" % (path, type(failures[0]).__name__, failures[0]))
        if not failed and engine.global_rank == 0:
            note_latest(self.folder, tag)
        return path

    def name(self, engine):
        """A tag of the script's kind with this step's number, as the first rank sees it; never one that is there already."""
        step = engine.global_steps
        tag = "global_step%d" % step
        numbers = list(re.finditer(r"\d+", str(self.tag))) if self.tag is not None else []
        if numbers and int(numbers[-1].group()) == self.at:
            start, end = numbers[-1].span()
            tag = "%s%d%s" % (self.tag[:start], step, self.tag[end:])
        taken = self.hook.rank == 0 and os.path.lexists(os.path.join(self.folder, tag))
        return tag + "-1" if self.hook.meet(int(taken)) else tag

    def moved(self, engine):
        """What the script last saved with the engine, with numbers that count steps brought up to this one."""
        on = engine.global_steps - (self.at or 0)
        counts = (self.at, (self.at or 0) - 1)
        return {k: v + on if type(v) is int and self.at is not None and v in counts else v for k, v in self.state.items()}


def carefully(function, failures):
    """The function, but that its failures are noted and not raised."""

    def call(*args, **kwargs):
        try:
            return function(*args, **kwargs)
        except Exception as error:
            failures.append(error)

    return call


def note_latest(folder, tag):
    tmp = os.path.join(folder, "latest.trainwatch")
    with open(tmp, "w") as file:
        file.write(tag)
    os.replace(tmp, os.path.join(folder, "latest"))
