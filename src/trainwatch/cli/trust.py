"""Options of `launch` and `attach` that say what trainwatch may do to a job, and how a stop goes."""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from trainwatch.rules.preset import Preset, RuleSpec
    from trainwatch.supervise.machine import Limits
    from trainwatch.supervise.may import May

UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0}


def add_trust(parser: argparse.ArgumentParser) -> None:
    """`--may` and the times of a stop."""
    add = parser.add_argument_group("trust and stop").add_argument
    add("--may", action="append", default=[], metavar="save|stop|stop=RULE,…", help="what trainwatch may do by itself (default: watch)")
    add(
        "--veto",
        type=duration,
        metavar="TIME",
        help="how long a person may call a stop off (default: 60s while a screen is open on the run, else 0)",
    )
    add("--grace", type=duration, default=120.0, metavar="TIME", help="from SIGTERM until the job must have ended (default: 120s)")
    add("--kill-after", type=duration, metavar="TIME", help="SIGKILL this long after the grace (default: never)")
    add("--leave", action="store_true", help="after the save the script ends by itself; SIGTERM only after the grace")
    add("--save-timeout", type=duration, default=300.0, metavar="TIME", help="how long the job may take to answer (default: 300s)")
    add("--save-by", default="", metavar="DOORBELL", help="how a job without our hook is asked to save: save_now (a file), usr1, usr2")
    add("--share", action="store_true", help="let your group read the run directory: they may watch, and ask nothing")
    add("--allow-unsaved", action="store_true", help="stop even when no checkpoint can be proven")


def duration(text: str) -> float:
    """Seconds of `90`, `90s`, `2m`, `1h`. Raises ArgumentTypeError for anything else."""
    number, unit = (text[:-1], text[-1]) if text and text[-1] in UNITS else (text, "s")
    try:
        value = float(number) * UNITS[unit]
    except ValueError:
        value = -1.0
    if not 0 <= value < 1e9:
        raise argparse.ArgumentTypeError(f"{text!r} is no length of time; write 90s, 2m or 1h")
    return value


def preset_of(args: argparse.Namespace) -> tuple[str, Preset]:
    """(name or absolute path, preset) of `--rules`. Raises NotFoundError, NotReadableError or DataFileError."""
    from trainwatch.rules import preset

    loaded = preset.load(args.rules)
    return args.rules if args.rules in preset.builtin_names() else str(Path(args.rules).absolute()), loaded


def may_of(args: argparse.Namespace, preset: Preset) -> May:
    """The trust given. Raises UsageError for a rule that the preset does not have."""
    from trainwatch.supervise.may import parse

    return parse(args.may, rules=[rule.name for rule in preset.rules], stopping=preset.stopping(), preset=preset.name)


def limits_of(args: argparse.Namespace) -> Limits:
    """The times of a stop."""
    from trainwatch.supervise.machine import Limits

    return Limits(veto=args.veto or 0.0, grace=args.grace, kill_after=args.kill_after, leave=args.leave, save=args.save_timeout)


def save_by_of(args: argparse.Namespace) -> str:
    """The doorbell, empty without one. Raises UsageError for one that is not known."""
    from trainwatch.model.errors import UsageError
    from trainwatch.supervise.doorbell import doorbells

    if args.save_by and args.save_by not in doorbells():
        known = "".join(f"\n  {bell.name:10}{bell.about}" for bell in doorbells().values())
        raise UsageError(f"--save-by {args.save_by}: there is no such doorbell:{known}")
    return str(args.save_by)


def promises(may: May, preset: Preset) -> list[str]:
    """What may happen to the job, with the thresholds: a line a rule."""
    if not may.save:
        return ["watching only: nothing is asked of the job (--may save or --may stop=RULE gives more trust)"]
    lines = [_promise(rule, may) for rule in preset.rules]
    return [f"allowed: {str(may).replace(',', ', ')}", *(f"  {line}" for line in lines if line)]


def _promise(rule: RuleSpec, may: May) -> str:
    """What one rule may do; empty when it only tells."""
    acts = {severity.word: _action(action, rule, may) for severity, action in rule.ladder.items()}
    words = ", ".join(f"{severity}: {act}" for severity, act in acts.items() if act)
    if not words:
        return ""
    settings = ", ".join(f"{field.name} {_value(getattr(rule.settings, field.name))}" for field in dataclasses.fields(rule.settings))
    return f"{rule.name}  {words}  ({settings})"


def _action(action: str, rule: RuleSpec, may: May) -> str:
    """What an action comes to under this trust; empty when it comes to nothing."""
    if action != "stop":
        return "save" if action == "save" else ""
    if rule.name in may.stop:
        return "stop with the newest complete checkpoint" if rule.proof == "existing" else "save and stop"
    return "" if rule.proof == "existing" else "save only"


def _value(value: object) -> str:
    """A threshold."""
    return " ".join(map(str, value)) if isinstance(value, tuple) else str(value)
