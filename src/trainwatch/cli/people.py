"""What `save`, `stop` and `cancel` share: leave a request, start a supervisor where there is none, wait for the outcome."""

from __future__ import annotations

import argparse
import getpass
import os
import secrets
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from trainwatch.model.errors import NotFoundError, TrainwatchError, UsageError

if TYPE_CHECKING:
    from trainwatch.store.requests import Op
    from trainwatch.store.rundir import RunDir

POLL = 0.1
SILENCE = 20.0
"""Seconds without a supervisor after which nobody is going to answer."""

INTERRUPTED = 130


def add_target(parser: argparse.ArgumentParser) -> None:
    """RUN."""
    parser.add_argument("run", nargs="?", metavar="RUN", help="a run's id, name, directory or log (default: the only run that goes on)")


def add_any_user(parser: argparse.ArgumentParser) -> None:
    """`--any-user`."""
    parser.add_argument("--any-user", action="store_true", help="as root: act on a job of another user, found by its log or Slurm id")


def add_waiting(parser: argparse.ArgumentParser) -> None:
    """`--no-wait` and `--reason`."""
    parser.add_argument("--no-wait", action="store_true", help="return once the request is left")
    parser.add_argument("--reason", default="", metavar="TEXT", help="kept in the journal")


def run_of(word: str | None, *, any_user: bool = False) -> RunDir:
    """The run that a word names; without a word the only one that goes on. `any_user`: as root also somebody else's.

    Raises UsageError, NotFoundError or NotReadableError.
    """
    from trainwatch.replay.target import resolve

    if word is None:
        return _only()
    target = resolve([word], os.environ)
    return target.run_dir if target.run_dir is not None else _of_logs(word, target.logs, any_user=any_user)


def _only() -> RunDir:
    """The only run that has not ended."""
    from trainwatch.store import openrun

    alive = [(run_dir, run) for run_dir, run in openrun.known(os.environ, Path.cwd()) if not openrun.ended(run_dir)]
    if not alive:
        raise NotFoundError("no run goes on here; `trainwatch ls` lists those that have ended too")
    if len(alive) > 1:
        ids = "\n  ".join(run.info.id for _, run in alive)
        raise UsageError(f"several runs go on; name one:\n  {ids}")
    return alive[0][0]


def _of_logs(word: str, logs: tuple[Path, ...], *, any_user: bool) -> RunDir:
    """A run directory for a job that somebody else started: a person may always ask. Raises NotFoundError when nobody writes the log."""
    from trainwatch.sources.target import SLURM
    from trainwatch.supervise import attach
    from trainwatch.supervise.clock import SystemClock
    from trainwatch.supervise.discover import written
    from trainwatch.supervise.terms import Terms

    job = word.removeprefix(SLURM) if word.startswith(SLURM) else ""
    if not logs or not (job or written(logs)):
        raise NotFoundError(f"{word}: no process of yours on this machine writes it, so there is nobody to ask")
    return attach.start(logs, Terms(any_user=any_user), now=SystemClock().now(), environ=os.environ, job_id=job)


def ask(run_dir: RunDir, op: Op, args: argparse.Namespace, *, confirm: str = "", unsaved: bool = False, existing: bool = False) -> int:
    """Leave a request and say how it goes, until it is done; returns the exit code of the outcome."""
    from trainwatch.store import openrun, requests
    from trainwatch.store.create import check_ours
    from trainwatch.supervise import attach
    from trainwatch.supervise.clock import SystemClock

    check_ours(run_dir.path)
    if openrun.ended(run_dir):
        raise UsageError(f"{run_dir.path.name}: the run has ended")
    request_id, now = f"{op}-{secrets.token_hex(4)}", SystemClock().now()
    requests.ask(run_dir, requests.Request(request_id, op, who(), now, args.reason, confirm, unsaved, existing))
    if attach.revive(run_dir):
        _say("the run had no supervisor; one was started")
    if args.no_wait:
        print(request_id)
        return 0
    try:
        return _wait(run_dir, request_id)
    except KeyboardInterrupt:
        _say(f"the request stands; `trainwatch cancel {run_dir.path.name}` calls it off")
        return INTERRUPTED


def _wait(run_dir: RunDir, request_id: str) -> int:
    """Follow the answer until it is the last one. Raises TrainwatchError when nobody answers."""
    from trainwatch.store import requests
    from trainwatch.supervise import spawn
    from trainwatch.supervise.clock import SystemClock

    clock, said = SystemClock(), ""
    heard = clock.monotonic()
    while True:
        answer = requests.answered(run_dir, request_id)
        if answer is not None and answer.exit_code is not None:
            print(answer.text)
            return answer.exit_code
        if answer is not None and answer.text != said:
            said = answer.text
            _say(said)
        if spawn.supervised(run_dir):
            heard = clock.monotonic()
        elif clock.monotonic() - heard > SILENCE:
            raise TrainwatchError(f"nobody supervises the run, so nobody answers; see {run_dir.log}")
        clock.sleep(POLL)


def who() -> str:
    """Who asks."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


def _say(text: str) -> None:
    print(f"trainwatch: {text}", file=sys.stderr)
