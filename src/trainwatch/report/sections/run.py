"""Where the figures come from, and how the run was set up."""

from __future__ import annotations

import shlex

from trainwatch.model.planned import counts_batches
from trainwatch.model.snapshot import Snapshot
from trainwatch.present.attempts import attempt_sentences, named
from trainwatch.present.numbers import duration, number, percent
from trainwatch.report.compose import Report
from trainwatch.report.cost import steps_covered
from trainwatch.report.parts import Code, Inline, Part, bullets, table
from trainwatch.report.words import fact, place, plural, whole

PRECISE = 600.0
"""Seconds up to which a pace is told in seconds."""


def run(report: Report) -> list[Part]:
    """Sources, command, job, formats."""
    snapshot = report.snapshot
    items: list[Inline] = [f"Sources: {named(snapshot.run.sources)}"]
    command = shlex.join(snapshot.run.command) or (str(snapshot.facts["command"].value) if "command" in snapshot.facts else "")
    if command:
        items.append(("Command: ", Code(command)))
    if snapshot.run.job_id:
        items.append(f"Job: {snapshot.run.job_id}")
    items += attempt_sentences(snapshot.attempts)
    formats = f", read as {', '.join(snapshot.formats)}" if snapshot.formats else ""
    items.append(f"{plural(snapshot.records, 'record')}{formats}")
    items += _pace(report)
    return bullets(items)


def _pace(report: Report) -> list[Inline]:
    """The time of a step, evaluations and saves included, where the log has a clock."""
    covered, spent = steps_covered(report.snapshot), report.cost.hours
    if covered is None or not spent:
        return []
    seconds = spent * 3600 / (covered[1] - covered[0])
    pace = f"{number(seconds, 3)} s" if 1 <= seconds < PRECISE else duration(seconds)
    return [f"Mean pace: {pace} a step, evaluations and saves included"]


def configuration(report: Report) -> list[Part]:
    """Every fact and where it stands, then what follows from several of them."""
    snapshot = report.snapshot
    rows = [(Code(n), Code(fact(f.value)), place(f.origin, f.line)) for n, f in snapshot.facts.items() if n != "command"]
    return [*table(("name", "value", "found in"), rows), *bullets((*_follows(snapshot), *_batches(snapshot)))]


def _follows(snapshot: Snapshot) -> list[Inline]:
    """The batch of a step."""
    names = ("per_device_train_batch_size", "gradient_accumulation_steps", "world_size")
    counts = [whole(snapshot.facts[name].value) if name in snapshot.facts else 0 for name in names]
    if not all(counts):
        return []
    batch, accumulated, ranks = counts
    product = f"{batch} x {accumulated} x {ranks} = {batch * accumulated * ranks}"
    return [f"A step sees at most {product} samples (batch x accumulation x processes); fewer where an epoch ends within an accumulation."]


def _batches(snapshot: Snapshot) -> list[Inline]:
    """Where the printed step stands among the optimizer steps, when the log counts batches."""
    names = ("total_steps", "gradient_accumulation_steps", "warmup_steps")
    configured, every, warmup = (whole(snapshot.facts[name].value) if name in snapshot.facts else 0 for name in names)
    step, total = snapshot.progress.step, snapshot.progress.total_steps
    if step is None or total is None or not counts_batches(total, configured, every):
        return []
    done = step // every
    text = f"Printed steps count batches: {total:,} / {every} = {configured:,} optimizer steps; step {step:,} is optimizer step {done:,}"
    if done < warmup:
        text += f", {percent(done / warmup)} of the warm-up of {warmup:,}"
    return [f"{text}."]
