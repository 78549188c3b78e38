"""Options of `launch` for the end of the time a job has: its allocation, its preemption."""

from __future__ import annotations

import argparse
import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from trainwatch.cli.trust import duration
from trainwatch.model.errors import UsageError

AUTO, OFF = "auto", "off"
NEVER = -1.0


@dataclass(frozen=True, slots=True)
class Ending:
    """See `Terms`: what was said of the end."""

    ends_at: float | None
    before_end: float | None
    signal_grace: float | None


def add_ending(parser: argparse.ArgumentParser) -> None:
    """`--end-time`, `--save-before-end`, `--signal-grace`."""
    add = parser.add_argument_group("before the end (with --may save)").add_argument
    add("--end-time", metavar="WHEN", help="18:00, 2026-11-20T18:00 or +8h (default: what Slurm says)")
    add("--save-before-end", metavar="auto|off|TIME", default=AUTO, help="save and stop before it, to be resumed (default: auto)")
    add("--signal-grace", type=duration, metavar="TIME", help="SIGTERM to us leaves this long: save and prove first, then pass it on")


def ending_of(args: argparse.Namespace, now: float) -> Ending:
    """What the words say; `now` in Unix seconds. Raises UsageError."""
    word = args.save_before_end
    try:
        before = {AUTO: None, OFF: NEVER}[word] if word in (AUTO, OFF) else duration(word)
    except argparse.ArgumentTypeError as error:
        raise UsageError(f"--save-before-end {word}: write auto, off, or a time such as 10m") from error
    return Ending(None if args.end_time is None else moment(args.end_time, now), before, args.signal_grace)


def moment(text: str, now: float) -> float:
    """A moment after `now`, both in Unix seconds. A time of day is the next one. Raises UsageError for anything else."""
    try:
        if text.startswith("+"):
            return now + duration(text[1:])
        here = datetime.fromtimestamp(now)  # noqa: DTZ006  local time is what people write
        if re.fullmatch(r"\d\d:\d\d", text):
            today = here.replace(hour=int(text[:2]), minute=int(text[3:]), second=0, microsecond=0)
            return (today if today > here else today + timedelta(days=1)).timestamp()
        then = datetime.fromisoformat(text).timestamp()
    except (ValueError, argparse.ArgumentTypeError, OverflowError) as error:
        raise UsageError(f"--end-time {text}: write 18:00, 2026-11-20T18:00 or +8h") from error
    if then <= now:
        raise UsageError(f"--end-time {text}: is in the past")
    return then
