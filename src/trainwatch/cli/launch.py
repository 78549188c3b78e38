"""`trainwatch launch -- CMD…`: start a command and watch it."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from trainwatch.cli.broken import broken
from trainwatch.cli.closing import COMMAND
from trainwatch.cli.ending import add_ending, ending_of
from trainwatch.cli.options import add_reading, add_rules, facts_of, formats_of
from trainwatch.cli.trust import add_trust, limits_of, may_of, preset_of, promises, save_by_of
from trainwatch.model.errors import UsageError

if TYPE_CHECKING:
    from trainwatch.supervise.start import Plan, Started


def arguments(parser: argparse.ArgumentParser) -> None:
    """The words of the verb."""
    parser.usage = f"{parser.prog} [options] -- COMMAND ..."
    parser.epilog = "Closing the screen or the terminal never stops training. SIGTERM to this command is passed on to the job, with --signal-grace after a save."
    parser.add_argument("-n", "--name", help="what people call the run (default: from the command)")
    parser.add_argument(
        "--log", metavar="FILE", type=Path, help="the job's output (default: our own if that is a file, else ./NAME_ID.out)"
    )
    parser.add_argument("--append", action="store_true", help="continue a log that exists")
    parser.add_argument("--hook", choices=("auto", "none"), default="auto", help="put the save hook in the job (auto: with --may)")
    parser.add_argument("--detach", action="store_true", help="return at once and print the run's id")
    parser.add_argument("--plain", action="store_true", help="plain lines although there is a terminal")
    parser.add_argument("--ascii", action="store_true", default=None, help="draw with ASCII only")
    parser.add_argument("--theme", default="default", help="the colours of the screen")
    parser.add_argument("--read-only", action="store_true", help="refuse every later request to save or stop")
    add_trust(parser)
    add_ending(parser)
    add_rules(parser)
    add_reading(parser)
    parser.add_argument("command", nargs="*", metavar="COMMAND", help="what to run, after --")


def run(args: argparse.Namespace) -> int:
    """Start the command and stay with it."""
    if not args.command:
        raise UsageError("there is no command to start; write it after --: trainwatch launch -- torchrun train.py")
    if is_inner(os.environ):
        _become(args.command)
    from trainwatch.cli.front import Screen, has_screen, stay
    from trainwatch.supervise.clock import SystemClock
    from trainwatch.supervise.start import start

    screen, now = has_screen(plain=args.plain or args.detach), SystemClock().now()
    plan, lines = _plan(args, now)
    started = start(plan, now=now, environ=os.environ)
    _greet(started, lines)
    if args.detach:
        print(started.run.info.id)
        started.shim.returncode = 0  # it outlives us, and nobody here waits for it
        return 0
    return stay(started, Screen(args.ascii, args.theme) if screen else None)


def is_inner(environ: Mapping[str, str]) -> bool:
    """Whether another launch is above us, or another task of the same step does the watching."""
    return "TRAINWATCH_RUN_DIR" in environ or environ.get("SLURM_PROCID", "0") not in ("", "0")


def is_one_of_many(environ: Mapping[str, str]) -> bool:
    """Whether other tasks of this Slurm step start ranks too, outside of our launch: the hook would wait for ranks that do not have it."""
    tasks = environ.get("SLURM_STEP_NUM_TASKS", "")
    return tasks.isdecimal() and int(tasks) > 1


def name_of(command: list[str]) -> str:
    """What to call a run: the script's name, else the program's."""
    script = next((word for word in command if word.endswith((".py", ".sh"))), command[0])
    return Path(script).stem or "run"


def _become(command: list[str]) -> NoReturn:
    """Be the command."""
    from trainwatch.supervise.start import check

    check(command)
    sys.stdout.flush()
    os.execvp(command[0], command)  # noqa: S606  that is the purpose


def _plan(args: argparse.Namespace, now: float) -> tuple[Plan, list[str]]:
    """What the words ask for, and what that allows. Raises UsageError, NotFoundError or DataFileError."""
    from trainwatch.replay.beside import of_command
    from trainwatch.supervise.start import Plan

    rules, preset = preset_of(args)
    ending = ending_of(args, now)
    may, formats = may_of(args, preset), formats_of(args)
    plan = Plan(
        command=tuple(args.command),
        name=args.name or name_of(args.command),
        may=may,
        limits=limits_of(args),
        preset=rules,
        stated={**of_command(args.command, Path()), **facts_of(args)},
        formats=None if formats is None else tuple(formats),
        log=args.log.absolute() if args.log else None,
        append=args.append,
        hook=args.hook == "auto" and may.save and not is_one_of_many(os.environ),
        unsaved=args.allow_unsaved,
        read_only=args.read_only,
        closing=COMMAND,
        ends_at=ending.ends_at,
        before_end=ending.before_end,
        signal_grace=ending.signal_grace,
        save_by=save_by_of(args),
        veto_if_attended=args.veto is None,
        share=args.share,
    )
    alone = ["no hook: other tasks of this step start without it; write `trainwatch launch -- srun ...` to have it in all ranks"]
    return plan, promises(may, preset) + (alone if may.save and is_one_of_many(os.environ) else [])


def _greet(started: Started, promised: list[str]) -> None:
    """Say what runs, where its output goes, and what may happen to it."""
    info = started.run.info
    again = [f"attempt {started.run.attempt} of run {started.earlier}, read and judged as one"] if started.earlier else []
    lines = [f"run {info.id}", *again, f"log {info.sources[0]}", *promised, *_batch_warning(info.job_id if started.inherited else "")]
    for line in lines:
        if started.inherited:
            print(f"[trainwatch] {line}", flush=True)
        else:
            print(broken(line, sys.stderr), file=sys.stderr, flush=True)


def _batch_warning(job: str) -> list[str]:
    """What happens to the log of a Slurm job that is requeued; nothing when it is kept. `job` empty: the log is not the batch job's."""
    from trainwatch.supervise import slurm

    told = slurm.show(job)
    if told is None or not told.requeue or not slurm.truncates(job):
        return []
    return ["a requeue will empty this log; write #SBATCH --open-mode=append to keep it (what was read is kept in the run directory)"]
