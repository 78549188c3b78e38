"""What people and views ask of a supervisor, a file each; and its answers beside them."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from trainwatch.model.errors import NotReadableError
from trainwatch.model.inputs import Order
from trainwatch.model.snapshot import Command
from trainwatch.store.files import read_json, write_json
from trainwatch.store.rundir import RunDir

Op = Literal["save", "stop", "cancel"]
ANSWER = ".answer.json"


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a request. `exit_code` is None until the last word is said."""

    accepted: bool
    text: str
    exit_code: int | None = None


def post(run_dir: RunDir, command: Command, *, who: str, at: float) -> str:
    """Leave a request for the supervisor; returns its id. `at` in Unix seconds. Raises NotWrittenError."""
    request_id = f"{command.op}-{secrets.token_hex(4)}"
    value = {
        "v": 1,
        "id": request_id,
        "op": command.op,
        "who": who,
        "reason": command.reason,
        "confirm": command.confirm,
        "unsaved": command.unsaved,
        "at": at,
    }
    write_json(run_dir.requests / f"{request_id}.json", value)
    return request_id


def pending(run_dir: RunDir) -> Iterator[Order | NotReadableError]:
    """Every request without an answer, by age; in place of a damaged one the error that says so.

    An order's options hold `confirm` and `unsaved`.
    """
    found = [_order(path) for path in sorted(run_dir.requests.glob("*.json")) if _unanswered(path)]
    yield from sorted(found, key=lambda order: order.at if isinstance(order, Order) else 0.0)


def answer(run_dir: RunDir, request_id: str, answer: Answer, *, at: float) -> None:
    """Say what became of a request; a later answer replaces it. Raises NotWrittenError."""
    value = {"v": 1, "id": request_id, "accepted": answer.accepted, "text": answer.text, "exit_code": answer.exit_code, "at": at}
    write_json(run_dir.requests / f"{request_id}{ANSWER}", value)


def answered(run_dir: RunDir, request_id: str) -> Answer | None:
    """The newest answer to a request, None before the first. Raises NotReadableError."""
    value = read_json(run_dir.requests / f"{request_id}{ANSWER}")
    if value is None:
        return None
    code = value.get("exit_code")
    return Answer(bool(value.get("accepted")), str(value.get("text", "")), code if isinstance(code, int) else None)


def _unanswered(path: Path) -> bool:
    """Whether a file is a request that nobody has answered. Scratch files begin with a dot."""
    name = path.name
    return not name.startswith(".") and not name.endswith(ANSWER) and not path.with_name(path.stem + ANSWER).exists()


def _order(path: Path) -> Order | NotReadableError:
    """The request in a file. Its id is the name of the file: what it says of itself may not point elsewhere."""
    try:
        return _decode(path, read_json(path) or {})
    except NotReadableError as error:
        return error
    except (KeyError, TypeError, ValueError) as error:
        return NotReadableError(f"{path}: {error!r} is missing or wrong")


def _decode(path: Path, value: dict[str, Any]) -> Order:
    """The order of a JSON object."""
    op: Op = value["op"]
    if op not in get_args(Op):
        raise ValueError(op)
    options: dict[str, str | float | bool] = {"confirm": str(value.get("confirm", "")), "unsaved": value.get("unsaved") is True}
    return Order(float(value["at"]), path.stem, op, str(value.get("who", "")), str(value.get("reason", "")), options)
