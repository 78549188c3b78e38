"""What people and views ask of the supervisor: a file each in `requests/`, answered by a file beside it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, cast, get_args

from trainwatch.model.errors import NotReadableError
from trainwatch.store.files import read_json, write_json
from trainwatch.store.rundir import RunDir

Op = Literal["save", "stop", "cancel", "preempt", "note"]

STALE = 600.0
"""Seconds after which a request that nobody took up is no longer what its author wants."""

ANSWER = ".answer.json"


@dataclass(frozen=True, slots=True)
class Request:
    """One request. `confirm` repeats the run's id or name as typed; `unsaved` and `existing` choose a weaker proof for a stop.

    "note" says by its `reason` that the run is another one from here on. "preempt" is a stop that is to be resumed; `within` is how many seconds it may take. `age` is how long ago it was left, in seconds.
    """

    id: str
    op: Op
    who: str
    at: float
    reason: str = ""
    confirm: str = ""
    unsaved: bool = False
    existing: bool = False
    within: float = 0.0
    age: float = field(default=0.0, compare=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a request. `exit_code` is None as long as it is under way."""

    accepted: bool
    text: str
    exit_code: int | None = None


def ask(run_dir: RunDir, request: Request) -> None:
    """Leave a request. Raises NotWrittenError."""
    write_json(
        _path(run_dir, request.id),
        {
            "v": 1,
            "id": request.id,
            "op": request.op,
            "who": request.who,
            "reason": request.reason,
            "confirm": request.confirm,
            "unsaved": request.unsaved,
            "existing": request.existing,
            "within": request.within,
            "at": request.at,
        },
    )


def answer(run_dir: RunDir, request_id: str, given: Answer, now: float) -> None:
    """Answer a request, or say how it goes on. Raises NotWrittenError."""
    value = {"v": 1, "id": request_id, "accepted": given.accepted, "text": given.text, "exit_code": given.exit_code, "at": now}
    write_json(_answer_path(run_dir, request_id), value)


def answered(run_dir: RunDir, request_id: str) -> Answer | None:
    """The newest answer, None before there is one."""
    try:
        value = read_json(_answer_path(run_dir, request_id))
    except NotReadableError:
        return None
    if value is None:
        return None
    code = value.get("exit_code")
    return Answer(bool(value.get("accepted")), str(value.get("text", "")), code if isinstance(code, int) else None)


def waiting(run_dir: RunDir, now: float, *, ahead: float = 0.0) -> Iterator[tuple[str, Request | str]]:
    """(id, request) of all that was not answered yet, oldest name first; for one that is refused, the reason instead.

    `ahead` is how many seconds the clock of who asks may be ahead of `now`, because the machine's clock was set.
    """
    try:
        names = {entry.name for entry in os.scandir(run_dir.requests)}
    except OSError:
        return
    for name in sorted(names):
        stem = name.removesuffix(".json")
        if name.startswith(".") or not name.endswith(".json") or name.endswith(ANSWER) or f"{stem}{ANSWER}" in names:
            continue
        yield stem, _read(run_dir.requests / name, stem, now, ahead)


def _read(path: Path, stem: str, now: float, ahead: float) -> Request | str:
    """The request in a file, or why it is refused."""
    try:
        if path.lstat().st_uid not in (os.geteuid(), 0):
            return "it belongs to another user"
        value = read_json(path)
    except (OSError, NotReadableError) as error:
        return str(error)
    return _decode(value, stem, now, ahead) if value is not None else "it is gone"


def _decode(value: dict[str, Any], stem: str, now: float, ahead: float) -> Request | str:
    """The request of a JSON object, or why it is refused."""
    op, at = value.get("op"), value.get("at")
    if value.get("id") != stem:
        return "its id is not its file's name"
    if op not in get_args(Op):
        return f"there is no request {op!r}"
    age = min((now - at, now + ahead - at), key=abs) if isinstance(at, int | float) else STALE + 1
    if not isinstance(at, int | float) or not abs(age) <= STALE:
        return f"it is older than {STALE:.0f} s"
    within = value.get("within", 0.0)
    who, reason, confirm = (str(value.get(key, ""))[:500] for key in ("who", "reason", "confirm"))
    weaker = value.get("unsaved") is True, value.get("existing") is True
    seconds = float(within) if isinstance(within, int | float) else 0.0
    return Request(stem, cast("Op", op), who, float(at), reason, confirm, *weaker, seconds, max(age, 0.0))


def _path(run_dir: RunDir, request_id: str) -> Path:
    """The file of a request."""
    return run_dir.requests / f"{request_id}.json"


def _answer_path(run_dir: RunDir, request_id: str) -> Path:
    """The file of its answer."""
    return run_dir.requests / f"{request_id}{ANSWER}"
