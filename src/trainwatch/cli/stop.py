"""`trainwatch stop RUN`: save, prove, then stop the job."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from trainwatch.cli.people import add_any_user, add_target, add_waiting, ask, run_of
from trainwatch.model.errors import UsageError

if TYPE_CHECKING:
    from trainwatch.store.runfile import RunFile

UNSAVED = "UNSAVED"
LEFT_RUNNING = 84


def arguments(parser: argparse.ArgumentParser) -> None:
    """The words of the verb."""
    parser.epilog = (
        "Ends 83 when the job was stopped with a proven checkpoint, 81 without one, 84 when it was left running, 86 when it is stuck."
    )
    add_target(parser)
    parser.add_argument("--confirm", metavar="ID", help="the run's id or name once more; asked for when there is a terminal")
    proof = parser.add_mutually_exclusive_group()
    proof.add_argument("--existing", action="store_true", help="the newest complete checkpoint will do: for a job that cannot save")
    proof.add_argument("--unsaved", action="store_true", help="stop without any checkpoint: what was not saved is lost")
    parser.add_argument("--dry-run", action="store_true", help="say what would be done, to which processes, and do nothing")
    add_any_user(parser)
    add_waiting(parser)


def run(args: argparse.Namespace) -> int:
    """Confirm, ask, and wait for the end."""
    from trainwatch.store import runfile

    run_dir = run_of(args.run, any_user=args.any_user)
    if args.dry_run:
        from trainwatch.supervise.rehearse import rehearse

        print("\n".join(rehearse(run_dir, existing=args.existing, unsaved=args.unsaved)))
        return 0
    stored = runfile.load(run_dir)
    confirm = args.confirm if args.confirm is not None else _typed(stored, unsaved=args.unsaved)
    if confirm not in (stored.info.id, stored.info.name):
        raise UsageError(f"{confirm!r} is not the run's id or name; nothing was done. Write --confirm {stored.info.id}")
    code = ask(run_dir, "stop", args, confirm=confirm, unsaved=args.unsaved, existing=args.existing)
    if code == LEFT_RUNNING and not args.unsaved:
        print("trainwatch: --existing stops it with the newest complete checkpoint, --unsaved without any", file=sys.stderr)
    return code


def _typed(stored: RunFile, *, unsaved: bool) -> str:
    """What a person types to confirm. Raises UsageError without a terminal."""
    info = stored.info
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise UsageError(f"a stop must be confirmed: write --confirm {info.id}")
    plan = "SIGTERM without saving" if unsaved else "save, prove the checkpoint, then SIGTERM; if that fails the job is left running"
    print(f"run      {info.id}\ncommand  {' '.join(info.command)}\nplan     {plan}", file=sys.stderr)
    if unsaved and _read(f"what was not saved is lost. Type {UNSAVED}: ") != UNSAVED:
        raise UsageError("not confirmed; nothing was done")
    return _read(f"type {info.name} to stop it: ")


def _read(question: str) -> str:
    """One line from the terminal; empty at its end."""
    print(question, end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip()
