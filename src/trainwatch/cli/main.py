"""The verbs. Nothing of a verb is imported until it is chosen."""

from __future__ import annotations

import argparse
import atexit
import gc
import importlib
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from trainwatch import __version__
from trainwatch.model.errors import NotFoundError, NotReadableError, TrainwatchError, UsageError

VERBS = {
    "launch": "start a command and watch it",
    "attach": "watch a log, a run, a pid or a Slurm job",
    "ls": "the runs known here",
    "status": "where a run stands, once",
    "save": "have a run save a checkpoint now, and prove it",
    "stop": "save, prove, then stop a run",
    "cancel": "call off a save or stop that is under way",
    "note": "say that a run is another one from here on: its rules start again",
    "wait": "wait for a run to end, and end with its code",
    "check": "judge a log once; the exit code tells",
    "report": "write the analysis of a run",
    "why": "the analysis in five sentences",
    "compare": "several runs beside each other",
    "table": "many runs as a table, a row a run",
    "latest": "the newest proven checkpoint below a folder",
    "replay": "play a finished run with its decisions",
    "backtest": "what a preset would have done on finished logs",
    "export": "every record of a log as JSON lines or CSV",
    "demo": "play a recorded run, in seconds",
    "doctor": "what this machine lets trainwatch do, and how to mend what is missing",
    "formats": "the log formats: list, show, check, test, new",
    "rules": "the rules: list, show, check, test, new",
    "themes": "the themes: list, show, check",
    "completion": "a script by which a shell completes these words",
}
"""Each verb and its one line. The module `trainwatch.cli.<verb>` holds `arguments(parser)` and `run(args)`."""

EXAMPLES = """\
  trainwatch demo
  trainwatch launch --may stop=overfit -- torchrun --nproc_per_node=8 train.py
  trainwatch attach train_v4_7471.out
  trainwatch stop train_v4 --confirm train_v4

Closing the screen (q) never stops training.   More: trainwatch VERB --help"""

BROKEN_PIPE = 128 + 13

COLLECT = 100_000
"""New objects after which the collector looks for garbage: a start makes tens of thousands and no garbage."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code. Errors that a user can meet end as one line on stderr."""
    words = list(sys.argv[1:] if argv is None else argv)
    gc.set_threshold(COLLECT)
    atexit.register(gc.freeze)  # what is left at the end goes with the process: looking through it takes a tenth of a short command
    try:
        code = _dispatch(words)
        sys.stdout.flush()
    except TrainwatchError as error:
        print(f"trainwatch: {error}", file=sys.stderr)
        return error.exit_code
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    except KeyboardInterrupt:
        return 130
    except OSError as error:
        print(f"trainwatch: {_system(error)}", file=sys.stderr)
        return NotReadableError.exit_code if isinstance(error, PermissionError) else TrainwatchError.exit_code
    return code


def _dispatch(words: list[str]) -> int:
    """Choose the verb, import it, parse its words, run it."""
    if not words or words[0] in ("-h", "--help", "help"):
        print(_help())
        return 0
    if words[0] in ("-V", "--version"):
        print(f"trainwatch {__version__}")
        return 0
    name = words[0]
    if name not in VERBS:
        name, words = _verb_of_target(name), ["attach", *words]
    args = parser_of(name).parse_args(words[1:])
    return int(importlib.import_module(f"trainwatch.cli.{name}").run(args))


def parser_of(verb: str) -> argparse.ArgumentParser:
    """What understands the words of a verb."""
    parser = _Parser(prog=f"trainwatch {verb}", description=VERBS[verb][0].upper() + VERBS[verb][1:] + ".")
    importlib.import_module(f"trainwatch.cli.{verb}").arguments(parser)
    return parser


def _verb_of_target(word: str) -> str:
    """`trainwatch FILE` is `attach FILE`; any other unknown word is an error."""
    if os.path.exists(word):  # noqa: PTH110  pathlib would cost its import at every start
        return "attach"
    if "/" in word or "." in word:
        raise NotFoundError(f"{word}: no such file, and no verb of that name")
    from difflib import get_close_matches

    near = get_close_matches(word, VERBS, 1)
    meant = f"did you mean {near[0]}? The" if near else "the"
    raise UsageError(f"there is no verb {word!r}; {meant} verbs are: {', '.join(VERBS)}")


def _help() -> str:
    """The text of `trainwatch --help`."""
    width = max(map(len, VERBS))
    verbs = "\n".join(f"  {verb:{width}}  {line}" for verb, line in VERBS.items())
    return f"Watch a training run, warn early, save and stop it safely.\n\n{verbs}\n\n{EXAMPLES}"


def _system(error: OSError) -> str:
    """What the system refused, in words."""
    where = f"{error.filename}: " if error.filename else ""
    return f"{where}{error.strerror or error}"


class _Parser(argparse.ArgumentParser):
    """A parser whose errors have our exit code and form."""

    def __init__(self, *, prog: str, description: str) -> None:
        super().__init__(prog=prog, description=description, allow_abbrev=False)

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message}; see {self.prog} --help")
