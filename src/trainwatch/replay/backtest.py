"""What a preset would have done on a finished log, if every one of its rules were allowed to."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from trainwatch.engine.engine import Engine
from trainwatch.model.facts import Given
from trainwatch.model.snapshot import Evaluation
from trainwatch.model.verdict import Event, Evidence
from trainwatch.replay.run import fold_files
from trainwatch.rules.preset import Preset


def backtest(
    path: Path,
    *,
    preset: Preset,
    stated: Mapping[str, Given] | None = None,
    formats: Sequence[str] | None = None,
) -> dict[str, Any]:
    """The entry of one history, as the `backtest` contract has it; `stop` is None when no rule would have stopped the run.

    Raises NotFoundError or NotReadableError.
    """
    return entry(path, preset, fold_files([path], preset=preset, stated=stated, formats=formats))


def entry(path: Path, preset: Preset, engine: Engine) -> dict[str, Any]:
    """The entry of a history that was folded with a preset."""
    evaluations = engine.board.evaluations
    stop = next((e for e in engine.events if e.verdict == "fired" and e.action == "stop"), None)
    return {
        "file": str(path),
        "preset": preset.name,
        "evals": len(evaluations),
        "best": _best(engine, evaluations),
        "stop": _stop(stop, evaluations) if stop is not None else None,
        "events": [event_object(e) for e in engine.events],
    }


def event_object(event: Event) -> dict[str, Any]:
    """An event as JSON; what is not known is null."""
    return {
        "rule": event.rule,
        "severity": event.severity.word,
        "verdict": event.verdict,
        "episode": event.episode,
        "step": event.step,
        "epoch": event.epoch,
        "eval_index": event.eval_index,
        "source": event.source,
        "line": event.line or None,
        "action": event.action,
        "evidence": [_evidence_object(e) for e in event.evidence],
        "why": event.why,
        "change": event.change,
    }


def _evidence_object(evidence: Evidence) -> dict[str, Any]:
    return {
        "name": evidence.name,
        "value": _number(evidence.value),
        "step": evidence.step,
        "epoch": evidence.epoch,
        "source": evidence.source,
        "line": evidence.line or None,
    }


def _best(engine: Engine, evaluations: Sequence[Evaluation]) -> dict[str, Any] | None:
    """The best evaluation, None when there was none."""
    best = engine.board.best()
    if best is None:
        return None
    index = next(e.index for e in evaluations if e.value == best.value and e.step == best.step)
    return {"eval_index": index, "step": best.step, "value": best.value}


def _stop(event: Event, evaluations: Sequence[Evaluation]) -> dict[str, Any]:
    """The first verdict that would have stopped the run; `value` is that of the newest evaluation then."""
    value = evaluations[event.eval_index].value if event.eval_index is not None else None
    return {
        "rule": event.rule,
        "severity": event.severity.word,
        "eval_index": event.eval_index,
        "step": event.step,
        "value": None if value is None else _number(value),
    }


def _number(value: float) -> float | str:
    """JSON knows no NaN and no infinity."""
    return value if math.isfinite(value) else str(value)
