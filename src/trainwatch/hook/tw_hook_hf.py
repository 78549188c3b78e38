"""Hugging Face's Trainer: a callback among its default ones, which asks for saves as any callback may.

The Trainer then saves with its own code: full models, PEFT adapters, DeepSpeed, FSDP.
"""

import os

TRIES = 3  # steps in which the Trainer is asked again when it did not save
EXTRA = 4  # checkpoints of the standing order that may lie beside those that `save_total_limit` keeps
YES = ("1", "TRUE", "YES", "ON")
UPLOADS = {  # what makes a tracker's callback upload each checkpoint: variable and values; without values any
    "wandb": ("WANDB_LOG_MODEL", ("CHECKPOINT",)),
    "mlflow": ("HF_MLFLOW_LOG_ARTIFACTS", YES),
    "clearml": ("CLEARML_LOG_MODEL", YES),
    "dvclive": ("HF_DVCLIVE_LOG_MODEL", ("ALL",)),
    "swanlab": ("SWANLAB_LOG_MODEL", ()),
}


def serve(module, hook):
    class TrainwatchCallback(module.TrainerCallback):
        """One per Trainer; acts only between the beginning and the end of training."""

        training = False

        @hook.harmless
        def on_train_begin(self, args, state, control, model=None, **kwargs):
            self.saves = Saves(hook, args, model)
            self.training = hook.begins("hf", state.global_step, plan=self.saves.plan)

        def on_train_end(self, args, state, control, **kwargs):
            self.training = False

        @hook.harmless
        def on_step_end(self, args, state, control, **kwargs):
            if self.training:
                self.saves.step_ended(state, control)

        def on_prediction_step(self, args, state, control, **kwargs):
            if self.training:
                hook.busy("eval")

        @hook.harmless
        def on_evaluate(self, args, state, control, metrics=None, **kwargs):
            if self.training and hook.evaluation(lambda: metrics or {}, state.global_step):
                self.saves.ask(control)

        @hook.harmless
        def on_save(self, args, state, control, **kwargs):
            if self.training:
                self.saves.saved(state, control)

    module.DEFAULT_CALLBACKS.append(TrainwatchCallback)


class Saves:
    """The saves of one training."""

    def __init__(self, hook, args, model):
        self.hook, self.args, self.model = hook, args, model
        self.limit = args.save_total_limit
        self.before = ()  # the checkpoints that were there before a save we asked for
        self.extra = []  # checkpoints that are there only because we asked
        self.asked = False  # whether the save under way is one of those
        self.tries = 0

    def step_ended(self, state, control):
        hook = self.hook
        if hook.task and not hook.task["word"] & 1:  # the best was not saved at its evaluation: these are other weights
            hook.drop()
        elif hook.task and self.tries < TRIES:  # the Trainer has not saved: something took the word back
            self.tries += 1
            control.should_save = True
        elif hook.task:
            hook.drop("the trainer did not save")
        elif hook.boundary(state.global_step):
            self.ask(control)
        self.make_room(control)

    def ask(self, control):
        self.before = checkpoints(self.args.output_dir)
        self.asked, self.tries = not control.should_save, 0
        control.should_save = True
        self.make_room(control)

    def make_room(self, control):
        """Rotation counts what the job saves; what is there because we asked comes on top, and our own saves rotate nothing."""
        if self.limit and control.should_save and (self.extra or self.asked):
            self.extra = [path for path in self.extra if os.path.isdir(path)]
            self.args.save_total_limit = len(self.before) + 1 if self.asked else self.limit + len(self.extra)

    def saved(self, state, control):
        path = os.path.abspath(os.path.join(self.args.output_dir, "checkpoint-%d" % state.global_step))
        if self.asked and path not in self.before:
            self.extra.append(path)
        before, self.before, self.asked = self.before, (), False
        self.args.save_total_limit = self.limit
        self.hook.done(path, before)
        control.should_training_stop = control.should_training_stop or self.hook.leave

    def plan(self, standing):
        """What a save would do besides saving."""
        there = checkpoints(self.args.output_dir)
        known = self.hook.last.get("bytes") or (self.hook.size_of(there[-1]) if there else 0)
        plan = {"folder": os.path.abspath(self.args.output_dir), "bytes": known or guess(self.model)}
        extra = sum(os.path.isdir(path) for path in self.extra)
        if uploads(self.args):
            plan["why"] = "%s: a save that was asked for would be uploaded too" % uploads(self.args)
        elif standing and self.limit and extra >= EXTRA:
            plan["why"] = "save_total_limit=%d, and %d best checkpoints more are kept already" % (self.limit, extra)
        return plan


def checkpoints(folder):
    """The checkpoints that are there, in order of their steps."""
    try:
        found = [n for n in os.listdir(folder) if n.startswith("checkpoint-") and n[11:].isdigit()]
    except OSError:
        return []
    return [os.path.abspath(os.path.join(folder, n)) for n in sorted(found, key=lambda n: int(n[11:]))]


def guess(model):
    """Bytes of a first checkpoint: weights, and two moments of what is trained. 0 when the model does not say."""
    if not hasattr(model, "parameters"):
        return 0
    sizes = [(p.numel() * p.element_size(), p.requires_grad) for p in model.parameters()]
    trained = sum(size for size, train in sizes if train)
    whole = trained if hasattr(model, "peft_config") else sum(size for size, _ in sizes)
    return whole + 2 * trained


def uploads(args):
    """What would upload every checkpoint; empty when nothing does."""
    strategy = str(getattr(args.hub_strategy, "value", args.hub_strategy)) if args.push_to_hub else "end"
    if strategy != "end":
        return "push_to_hub with hub_strategy=%s" % strategy
    for tracker, (name, values) in UPLOADS.items():
        value = os.environ.get(name, "")
        if tracker in (args.report_to or ()) and value and value.upper() != "FALSE" and (not values or value.upper() in values):
            return "%s=%s" % (name, value)
    return ""
