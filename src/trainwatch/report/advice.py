"""What the run suggests to try, as hypotheses with their evidence, and how to go on from here."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from trainwatch.model.snapshot import Snapshot
from trainwatch.model.verdict import Event
from trainwatch.present.numbers import duration, number
from trainwatch.report.cost import Cost, steps_covered
from trainwatch.report.disk import OnDisk, best_on_disk, is_best_saved
from trainwatch.report.findings import Finding
from trainwatch.report.words import fact, hours, place, position


@dataclass(frozen=True, slots=True)
class Advice:
    """One hypothesis; the evidence that this run has for it; what would test it."""

    hypothesis: str
    evidence: str
    test: str


@dataclass(frozen=True, slots=True)
class Way:
    """One next step; `command` is empty where there is none to type."""

    text: str
    command: str = ""


_BY_FINDING = {
    "best_unsaved": (
        "Saving at every new best would have kept the best weights.",
        "load_best_model_at_end, save_steps equal to eval_steps, or trainwatch launch --may save",
    ),
    "lr_schedule_mismatch": (
        "Another part of the setup sets the learning rate, such as the scheduler block of a DeepSpeed configuration.",
        "read that configuration; log the learning rate with and without its scheduler block",
    ),
    "gap_from_the_start": (
        "Train and eval loss are not the same sum, or are averaged differently.",
        "evaluate on training data with the evaluation code: the two figures must then agree",
    ),
    "loss_definition_mismatch": (
        "Train and eval loss are not the same sum, or are averaged differently.",
        "evaluate on training data with the evaluation code: the two figures must then agree",
    ),
    "rapid_loss_drop": (
        "The loss measures something too easy: labels within the inputs, padding, duplicated data, a wrong mask or scale.",
        "evaluate now on data held back; decode one batch with its labels",
    ),
    "loss_component_imbalance": (
        "Parts of the loss have sizes that their weights do not balance.",
        "log each part before and after its weight, and the gradient that each causes",
    ),
    "accumulation_tail": (
        "Epochs that end within an accumulation make steps of few samples.",
        "choose an accumulation that divides the batches of an epoch",
    ),
    "initial_loss_sanity": (
        "The data does not reach the model as it was trained: tokenizer, labels shifted, or a prompt format.",
        "the loss of the unchanged model on plain text; decode one batch with its labels",
    ),
    "checkpoint_regression": (
        "The rise at one checkpoint is noise of the evaluation.",
        "repeat that evaluation with another seed or on more data; one point that goes back is weak evidence",
    ),
    "plateau": (
        "What is trained cannot follow the data any further: capacity, learning rate, or the data itself.",
        "one change at a time from the same checkpoint: a higher rate, more trainable weights, other data",
    ),
    "data_repetition": ("The data is repeated too often for its size.", "fewer epochs, or more data, with all else the same"),
    "clip_saturation": (
        "The clipping threshold does not fit the gradient.",
        "compare the norm before clipping to the threshold, both ways",
    ),
}
"""Hypothesis and test by finding; the finding's own text is the evidence."""

_BY_RULE = {
    "overfit": (
        "Training on this data is best ended near the best evaluation; stronger regularisation or more data may move it.",
        "the same run, ended by the rule: --may stop=overfit",
    ),
    "memorization": ("The data is repeated too often for its size.", "fewer epochs, or more data, with all else the same"),
    "lr_zero": (
        "The logged learning rate is not the optimizer's, or the schedule has ended.",
        "print optimizer.param_groups[...]['lr'] of every group in full precision at the step itself",
    ),
    "non_finite": (
        "Some batches or a precision limit give values that are not finite.",
        "log the batch and the first part of the loss that is not finite",
    ),
    "frozen_eval": ("The evaluated weights are not those that are trained.", "evaluate twice, once after changing a weight by hand"),
    "loss_not_decreasing": (
        "The optimizer's steps do not reach the weights, or the learning rate is far too small.",
        "compare a weight before and after a step",
    ),
    "train_divergence": ("The learning rate is too high for this stretch.", "go on from the checkpoint before it with a lower rate"),
    "loss_spike": ("A few batches upset the optimizer.", "go back to the checkpoint before the spike and skip those batches"),
}
"""Hypothesis and test by rule; the sentence of its last event is the evidence."""


_REGULAR = ("num_train_epochs", "learning_rate", "weight_decay", "lora_dropout", "dropout", "lora_rank", "max_grad_norm")
_SETTINGS = {
    "overfit": _REGULAR,
    "memorization": _REGULAR,
    "plateau": (
        "learning_rate",
        "lr_scheduler_type",
        "lora_rank",
        "lora_alpha",
        "batch_size",
        "block_size",
        "max_grad_norm",
        "weight_decay",
    ),
    "checkpoint_regression": ("learning_rate", "batch_size", "per_device_train_batch_size", "warmup_steps"),
    "train_divergence": ("learning_rate", "warmup_steps", "max_grad_norm"),
    "loss_spike": ("learning_rate", "max_grad_norm", "batch_size", "per_device_train_batch_size"),
    "non_finite": ("learning_rate", "max_grad_norm", "temperature"),
    "rapid_loss_drop": ("learning_rate", "max_seq_length", "train_samples"),
    "best_unsaved": ("eval_steps", "save_steps", "save_total_limit", "load_best_model_at_end"),
    "eval_save_cadence": ("eval_steps", "save_steps", "load_best_model_at_end"),
}
"""Settings that a hypothesis is about, by rule or finding: named in its evidence as the log states them, and blamed for nothing."""


def advice(snapshot: Snapshot, findings: Sequence[Finding]) -> tuple[Advice, ...]:
    """Every hypothesis for which the run has evidence: what was raised first, then what only the whole run shows."""
    out = []
    for event in _worst(snapshot.events):
        if event.rule in _BY_RULE:
            hypothesis, test = _BY_RULE[event.rule]
            out.append(Advice(hypothesis, event.why + _set(snapshot, event.rule), test))
            out += _no_dropout(snapshot, event)
    for finding in findings:
        if finding.finding in _BY_FINDING:
            hypothesis, test = _BY_FINDING[finding.finding]
            out.append(Advice(hypothesis, finding.text.rstrip(".") + _set(snapshot, finding.finding), test))
    return tuple({a.hypothesis: a for a in out}.values())


def _set(snapshot: Snapshot, name: str) -> str:
    """What the log says was set, of all that the hypothesis is about."""
    known = [f"{n}={fact(snapshot.facts[n].value)}" for n in _SETTINGS.get(name, ()) if n in snapshot.facts]
    return f"; set here: {', '.join(known)}" if known else ""


def _no_dropout(snapshot: Snapshot, event: Event) -> list[Advice]:
    """A dropout that is set to 0 in a run that overfits."""
    zero = [n for n, f in snapshot.facts.items() if "dropout" in n and str(f.value) in ("0", "0.0")]
    if event.rule not in ("overfit", "memorization") or not zero:
        return []
    evidence = f"{', '.join(f'{n}=0 ({place(snapshot.facts[n].origin, snapshot.facts[n].line)})' for n in zero)}; {event.why}"
    return [Advice("Without dropout the training data is learnt by heart sooner.", evidence, "the same run with a dropout of 0.05 to 0.1")]


def _worst(events: Sequence[Event]) -> list[Event]:
    """The last event of each rule that still holds, in the order first raised."""
    last = {event.rule: event for event in events}
    return [event for event in last.values() if event.verdict == "fired"]


def ways(snapshot: Snapshot, disk: tuple[OnDisk, ...], spent: Cost) -> tuple[Way, ...]:
    """What can be done now."""
    makers: tuple[Callable[[Snapshot, tuple[OnDisk, ...], Cost], Way | None], ...] = (_from_disk, _again, _watched)
    found = (make(snapshot, disk, spent) for make in makers)
    return tuple(way for way in found if way is not None)


def _from_disk(snapshot: Snapshot, disk: tuple[OnDisk, ...], _: Cost) -> Way | None:
    """The checkpoint to use."""
    kept = best_on_disk(disk, snapshot)
    if kept is None or kept.value is None:
        return None
    looked = "" if kept.complete else "; nobody has looked whether it is complete"
    return Way(f"The best evaluation on disk is {number(kept.value)}, of step {kept.step}{looked}: ", kept.path)


def _again(snapshot: Snapshot, disk: tuple[OnDisk, ...], spent: Cost) -> Way | None:
    """What the best, where it was not saved, would cost to reach again."""
    best, covered = snapshot.best, steps_covered(snapshot)
    if best is None or best.step is None or covered is None or is_best_saved(disk, best) is not False:
        return None
    share = best.step / (covered[1] - covered[0])
    price = f": about {duration(spent.hours * share * 3600)}" if spent.hours is not None else ""
    price += f", {hours(spent.gpu_hours * share)} GPU-hours" if spent.gpu_hours is not None else ""
    text = f"The weights of the best evaluation ({position(best.step, best.epoch)}) are not on disk; to have them, that far has to be trained again"
    return Way(f"{text}{price} at the same pace. The same seed and data order may give another best.")


def _watched(snapshot: Snapshot, _: tuple[OnDisk, ...], __: Cost) -> Way | None:
    """The next run, watched."""
    stop = next((e.rule for e in snapshot.events if e.verdict == "fired" and e.action == "stop"), "")
    may = f"stop={stop}" if stop else "save"
    command = shlex.join(snapshot.run.command) if snapshot.run.command else "COMMAND …"
    return Way("The next run, saved at each new best: ", f"trainwatch launch --may {may} -- {command}")
