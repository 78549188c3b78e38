"""What only the whole run shows: these stand beside the events and never among them."""

from __future__ import annotations

import math
from dataclasses import dataclass

from trainwatch.model.snapshot import Best, Snapshot
from trainwatch.present.numbers import duration, number, percent
from trainwatch.report.cost import Cost
from trainwatch.report.disk import OnDisk, best_on_disk, is_best_saved
from trainwatch.report.floor import print_floor, shown
from trainwatch.report.schedule import LearningRate
from trainwatch.report.words import hours, plural, steps_of, whole

WORSE = 0.05
"""A last evaluation worse than the best by more than this share is worth a sentence."""

FEW = 6
"""From so many evaluations on a plateau is judged by its rule."""

STILL = 0.01
"""A change of the evaluation below this share of it is none."""

GAP = 2.0
"""An eval loss this many times the train loss is worth a sentence."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding: a name for programs, a sentence for people, and the step it is about (None: the whole run)."""

    finding: str
    text: str
    step: int | None = None


def findings(snapshot: Snapshot, disk: tuple[OnDisk, ...], lr: LearningRate, spent: Cost) -> tuple[Finding, ...]:
    """Every finding, the most useful first."""
    found = (
        _best_unsaved(snapshot, disk),
        _after_best(snapshot),
        _course(snapshot),
        _first_zero(snapshot),
        _cadence(snapshot),
        _schedule(lr),
        _gap(snapshot),
        _flat(snapshot),
        _ended_early(snapshot, spent),
        *_not_finite(snapshot),
    )
    return tuple(f for f in found if f is not None)


def _best_unsaved(snapshot: Snapshot, disk: tuple[OnDisk, ...]) -> Finding | None:
    """The best evaluation has no checkpoint, as far as checkpoints are known at all."""
    best = snapshot.best
    if best is None or is_best_saved(disk, best) is not False:
        return None
    kept = best_on_disk(disk, snapshot)
    rest = f"the best one saved is {number(kept.value)} at step {kept.step}" if kept and kept.value is not None else "none saved has one"
    known = steps_of(c.step for c in disk if c.complete is not False)
    where = f"checkpoints are at {known}" if known else "no complete checkpoint is known"
    text = f"The best was not saved: {best.metric} {number(best.value)} at step {best.step}; {where}, {rest}."
    return Finding("best_unsaved", text, best.step)


def _after_best(snapshot: Snapshot) -> Finding | None:
    """How much of the run came after its best evaluation, where it got worse."""
    best, last = snapshot.best, snapshot.evaluations[-1] if snapshot.evaluations else None
    if best is None or last is None or best.step is None or last.step is None or last.step <= best.step:
        return None
    scale = abs(best.value)
    change = (last.value - best.value) * (1 if best.direction == "min" else -1)
    if not scale or not math.isfinite(change) or change / scale < WORSE:
        return None
    end = snapshot.progress.step or last.step
    share = (end - best.step) / end
    later = sum(1 for e in snapshot.evaluations if e.step is not None and e.step > best.step)
    text = (
        f"{end - best.step} of {plural(end, 'step')} ({percent(share)}) and {later} of {plural(len(snapshot.evaluations), 'evaluation')} came "
        f"after the best one; {best.metric} went from {number(best.value)} to {number(last.value)}{_twice(snapshot, best)}."
    )
    return Finding("after_best", text, best.step)


def _twice(snapshot: Snapshot, best: Best) -> str:
    """Where the metric first was twice its best, for one that is better low."""
    if best.direction != "min" or best.value <= 0 or best.step is None:
        return ""
    later = (e for e in snapshot.evaluations if e.step is not None and e.step > best.step and e.value >= 2 * best.value)
    first = next(later, None)
    return "" if first is None else f", twice the best first at step {first.step}"


def _course(snapshot: Snapshot) -> Finding | None:
    """What the train loss did from its first record to its last: what came before the log is not in it."""
    loss = snapshot.series.get("loss")
    finite = [i for i, v in enumerate(loss.values) if math.isfinite(v)] if loss is not None else []
    if loss is None or len(finite) < 2:
        return None
    first, last = loss.values[finite[0]], loss.values[finite[-1]]
    change = f" ({(last - first) / abs(first) * 100:+.1f} %)" if first else ""
    text = (
        f"The train loss goes from {shown(first, loss)} at step {round(loss.step_at(finite[0]))} to {shown(last, loss)} at step "
        f"{round(loss.step_at(finite[-1]))}{change} over {plural(len(finite), 'record')}."
    )
    return Finding("train_loss", text)


def _first_zero(snapshot: Snapshot) -> Finding | None:
    """A train loss printed as 0 is one below the last digit."""
    loss = snapshot.series.get("loss")
    floor = print_floor(loss.values) if loss is not None else None
    if loss is None or floor is None or 0.0 not in loss.values:
        return None
    step = round(loss.step_at(loss.values.index(0.0)))
    return Finding("printed_zero", f"The train loss is first printed as 0 at step {step}: it is below {number(floor)} there, not 0.", step)


def _cadence(snapshot: Snapshot) -> Finding | None:
    """Evaluations of which fewer than half can have a checkpoint of their step."""
    facts = snapshot.facts
    if not {"eval_steps", "save_steps"} <= facts.keys() or _yes(snapshot, "load_best_model_at_end"):
        return None
    every, save = (whole(facts[name].value) for name in ("eval_steps", "save_steps"))
    if not every or not save or every / math.lcm(every, save) >= 0.5:
        return None
    one_in = math.lcm(every, save) // every
    return Finding("eval_save_cadence", f"Saving every {save} and evaluating every {every} steps keeps one evaluation in {one_in}.")


def _yes(snapshot: Snapshot, name: str) -> bool:
    """Whether a fact is there and true."""
    return name in snapshot.facts and str(snapshot.facts[name].value).lower() in ("true", "1", "yes")


def _schedule(lr: LearningRate) -> Finding | None:
    """The printed learning rate is not the configured one."""
    if not lr.mismatch or lr.peak is None or lr.last is None:
        return None
    follows = f"it follows {lr.fitted.text}" if lr.fitted is not None else "what it follows is not known"
    text = (
        f"The configuration says {lr.configured.get('lr_scheduler_type', 'another schedule')}, yet the printed learning rate goes from "
        f"{number(lr.peak)} at step {lr.peak_step} to {number(lr.last)}: {follows}."
    )
    return Finding("lr_schedule_mismatch", text, lr.peak_step)


def _gap(snapshot: Snapshot) -> Finding | None:
    """A distance between train and eval loss that is there from the first evaluation: no overfitting by itself."""
    first = snapshot.evaluations[0] if snapshot.evaluations else None
    if first is None or snapshot.best is None or snapshot.best.metric != "eval_loss" or not first.train_loss or first.train_loss < 0:
        return None
    times = first.value / first.train_loss
    if not math.isfinite(times) or times < GAP:
        return None
    one = " It is the only evaluation, so nothing is known of how the distance changes." if len(snapshot.evaluations) == 1 else ""
    text = (
        f"The first eval_loss {number(first.value)} is {times:.1f} times the train loss {number(first.train_loss)}: a distance that is there "
        f"from the start is no sign of overfitting; the two may be different sums, or the data may differ.{one}"
    )
    return Finding("gap_from_the_start", text, first.step)


def _flat(snapshot: Snapshot) -> Finding | None:
    """Evaluations that are too few for a rule and show no change: said with how little that is."""
    known = [e for e in snapshot.evaluations if e.step is not None]
    if not 2 < len(known) < FEW or not known[0].value:
        return None
    first, last = known[0], known[-1]
    change = (last.value - first.value) / abs(first.value)
    if not abs(change) < STILL:
        return None
    train = ""
    if first.train_loss and last.train_loss is not None:
        train = f", while the train loss changed by {(last.train_loss - first.train_loss) / abs(first.train_loss) * 100:+.2f} %"
    text = (
        f"From step {first.step} to step {last.step} the evaluation changed by {change * 100:+.2f} %{train}: flat, "
        f"as far as {plural(len(known), 'evaluation')} can tell."
    )
    return Finding("plateau", text, first.step)


def _ended_early(snapshot: Snapshot, spent: Cost) -> Finding | None:
    """The run is over before its last planned step: what the rest would have taken."""
    progress = snapshot.progress
    if snapshot.state not in ("done", "failed", "stopped", "lost") or not progress.step or not progress.total_steps:
        return None
    if progress.step >= progress.total_steps:
        return None
    text = f"The run ended at step {progress.step} of {progress.total_steps} planned"
    more = progress.total_steps / progress.step - 1
    if spent.hours is not None:
        text += f"; the rest would have taken {duration(spent.hours * 3600 * more)} at the same pace"
    if spent.gpu_hours is not None:
        text += f", {hours(spent.gpu_hours * more)} GPU-hours"
    return Finding("ended_early", text + ".", progress.step)


def _not_finite(snapshot: Snapshot) -> list[Finding]:
    """Values that are not finite, by metric."""
    out = []
    for name, series in snapshot.series.items():
        count = len(series.nonfinite)
        if count:
            step = round(series.step_at(series.nonfinite[0]))
            text = f"{name} is not finite in {count} of {plural(len(series), 'record')}, first at step {step}."
            out.append(Finding("non_finite", text, step))
    return out
