"""The options that a training script has, as far as its text tells. The script is read and never run."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path

LIMIT = 1 << 20
"""Bytes of a script that is read."""

ARGUMENTS = "HfArgumentParser"
"""The parser that makes an option of every field, those of Hugging Face's TrainingArguments among them."""

RESUME = "resume_from_checkpoint"
"""Such a field. A script that never speaks of it does not heed it."""

FLAGS = frozenset({"store_true", "store_false", "store_const", "count", "help", "version", "append_const"})
"""Actions of options that take no value."""


def own_option(command: Sequence[str], cwd: Path, options: Sequence[str]) -> str | None:
    """The first of these options that the command's script has and that takes a value; None when none is found."""
    tree = _parsed(_script(command, cwd))
    if tree is None:
        return None
    found = set(_declared(tree))
    return next((option for option in options if option in found), None)


def _script(command: Sequence[str], cwd: Path) -> Path | None:
    """The script of a command: its first word that is the name of a Python file."""
    name = next((word for word in command if word.endswith(".py") and not word.startswith("-")), None)
    return None if name is None else cwd / name


def _parsed(path: Path | None) -> ast.Module | None:
    """The script's text as a tree; None when it cannot be read or is no Python of ours."""
    try:
        if path is None or not path.is_file() or path.stat().st_size > LIMIT:
            return None
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what is odd in it is the script's affair
            return ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _declared(tree: ast.Module) -> Iterator[str]:
    """Options with a value."""
    names = {node.id if isinstance(node, ast.Name) else node.attr for node in ast.walk(tree) if isinstance(node, ast.Name | ast.Attribute)}
    if ARGUMENTS in names and (RESUME in names or RESUME in {node.arg for node in ast.walk(tree) if isinstance(node, ast.keyword)}):
        yield f"--{RESUME}"
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ("add_argument", "option"):
            yield from _of_call(node)


def _of_call(call: ast.Call) -> Iterator[str]:
    """The options of one call of argparse's `add_argument`, or of click's `option`."""
    given = {word.arg: word.value for word in call.keywords}
    action, flag = given.get("action"), given.get("is_flag")
    if (isinstance(action, ast.Constant) and action.value in FLAGS) or (isinstance(flag, ast.Constant) and flag.value):
        return
    for word in call.args:
        if isinstance(word, ast.Constant) and isinstance(word.value, str):
            yield word.value
