"""`attach --may …`: a supervisor for a job that somebody else started."""

from __future__ import annotations

import argparse
import os
from dataclasses import dataclass

from trainwatch.cli.closing import COMMAND
from trainwatch.cli.options import facts_of, formats_of
from trainwatch.cli.trust import limits_of, may_of, preset_of, promises, save_by_of
from trainwatch.model.errors import TrainwatchError, UsageError
from trainwatch.replay.layout import layout
from trainwatch.replay.target import Target
from trainwatch.sources.target import SLURM
from trainwatch.store import runfile
from trainwatch.store.openrun import ended
from trainwatch.store.rundir import RunDir
from trainwatch.supervise import attach, spawn
from trainwatch.supervise.clock import SystemClock
from trainwatch.supervise.terms import Terms

START = 15.0
"""Seconds that a supervisor may take to start, on a login node under load."""


@dataclass(frozen=True, slots=True)
class Supervised:
    """The run that is supervised now, and what to tell the user."""

    target: Target
    lines: tuple[str, ...]


def supervise(target: Target, args: argparse.Namespace) -> Supervised:
    """Start a supervisor for logs, or for a run that has lost its own. Raises UsageError where it cannot act as asked."""
    rules, preset = preset_of(args)
    may = may_of(args, preset)
    if target.run_dir is not None:
        return _again(target.run_dir, str(may))
    if not target.logs:
        raise UsageError("--may needs a log file: a pipe does not tell whose it is")
    terms = Terms(
        may,
        limits_of(args),
        unsaved=args.allow_unsaved,
        closing=COMMAND,
        save_by=save_by_of(args),
        veto_if_attended=args.veto is None,
        any_user=args.any_user,
        words=tuple(map(os.path.abspath, target.words)),
    )
    run_dir = attach.start(
        target.logs,
        terms,
        now=SystemClock().now(),
        environ=os.environ,
        share=args.share,
        preset=rules,
        stated=target.given(facts_of(args)),
        formats=formats_of(args),
        parts=layout([log.resolve() for log in target.logs]) if len(target.logs) > 1 else (),
        job_id=next((word.removeprefix(SLURM) for word in args.target if word.startswith(SLURM)), ""),
    )
    _wait_for(run_dir)
    run_id = run_dir.path.name
    how = f"run {run_id}: supervised in the background until the job ends; `trainwatch stop {run_id}` saves and stops the job"
    return Supervised(Target(run_dir=run_dir), (how, *promises(may, preset)))


def _again(run_dir: RunDir, may: str) -> Supervised:
    """A run of ours keeps the trust it was started with."""
    given = runfile.load(run_dir).info.may
    if given != may:
        raise UsageError(f"{run_dir.path.name} is a run with --may {given}; that cannot be changed while it runs")
    if attach.revive(run_dir):
        _wait_for(run_dir)
    return Supervised(Target(run_dir=run_dir), ())


def _wait_for(run_dir: RunDir) -> None:
    """Let a supervisor take the run, so that the first picture shows it. Raises TrainwatchError when none does."""
    clock = SystemClock()
    until = clock.monotonic() + START
    while not spawn.supervised(run_dir) and not ended(run_dir):
        if clock.monotonic() > until:
            raise TrainwatchError(f"no supervisor came up within {START:.0f} s; {run_dir.log} may say why. Training is not affected")
        clock.sleep(0.05)
