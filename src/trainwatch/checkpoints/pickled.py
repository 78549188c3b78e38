"""The plain values in a pickle, read from its opcodes: nothing is imported, called or made.

Meaning of the opcodes: Lib/pickletools.py of CPython.
"""

from __future__ import annotations

import pickletools
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

LIMIT = 64 << 20
"""Bytes of a pickle that is read at all; about a second for each two million opcodes."""


class NotPlain(ValueError):  # noqa: N818  a finding, not a failure of ours
    """The bytes are no whole pickle, or one that only running it could tell."""


@dataclass(slots=True, eq=False)
class Thing:
    """What would have been an object: the name of what makes it, from what, its state, and entries added later."""

    name: str
    arguments: Any = ()
    state: Any = None
    entries: dict[Any, Any] = field(default_factory=dict)

    def get(self, name: str) -> Any:
        """An attribute of its state; None when there is none."""
        return self.state.get(name) if isinstance(self.state, dict) else None


MARK = object()
IGNORED = ("PROTO", "FRAME", "STOP")
CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False, "MARK": MARK}
EMPTY: dict[str, Callable[[], Any]] = {"EMPTY_LIST": list, "EMPTY_TUPLE": tuple, "EMPTY_DICT": dict, "EMPTY_SET": list}
TUPLES = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}
VALUES = (
    "INT",
    "BININT",
    "BININT1",
    "BININT2",
    "LONG",
    "LONG1",
    "LONG4",
    "FLOAT",
    "BINFLOAT",
    "UNICODE",
    "SHORT_BINUNICODE",
    "BINUNICODE",
    "BINUNICODE8",
    "STRING",
    "BINSTRING",
    "SHORT_BINSTRING",
    "BINBYTES",
    "SHORT_BINBYTES",
    "BINBYTES8",
    "BYTEARRAY8",
)


def read(data: bytes) -> Any:
    """The value of a pickle, with a `Thing` for everything that is not plain. Raises `NotPlain`."""
    try:
        return _Machine().run(data)
    except (ValueError, LookupError, TypeError, AttributeError, struct.error, OverflowError, RecursionError) as error:
        raise NotPlain("not whole: its pickle cannot be read") from error


class _Machine:
    """The stack machine of pickle, without the opcodes that would reach outside."""

    def __init__(self) -> None:
        self._stack: list[Any] = []
        self._memo: dict[int, Any] = {}

    def run(self, data: bytes) -> Any:
        at, handlers = 0, HANDLERS
        for opcode, argument, position in pickletools.genops(data):
            at = position or 0
            handlers[opcode.name](self, argument)
        if at != len(data) - 1:
            raise NotPlain("not whole: bytes after its end")
        return self._stack.pop()

    def push(self, value: Any) -> None:
        self._stack.append(value)

    def put(self, key: Any) -> None:
        self._memo[int(key)] = self._stack[-1]

    def memoize(self, _: Any) -> None:
        self._memo[len(self._memo)] = self._stack[-1]

    def fetch(self, key: Any) -> None:
        self._stack.append(self._memo[int(key)])

    def tuple_of(self, count: int) -> None:
        if len(self._stack) < count:
            raise IndexError("too little on the stack")
        self._stack[-count:] = [tuple(self._stack[-count:])]

    def name(self, text: Any) -> None:
        self._stack.append(Thing(str(text).replace(" ", ".")))

    def nothing(self, _: Any) -> None:
        """It says nothing about values."""

    def _marked(self) -> list[Any]:
        """Take what lies above the newest mark, and the mark."""
        at = len(self._stack) - 1
        while self._stack[at] is not MARK:
            at -= 1
        if at < 0:
            raise IndexError("no mark")
        items = self._stack[at + 1 :]
        del self._stack[at:]
        return items

    def pop(self) -> None:
        self._stack.pop()

    def pop_marked(self) -> None:
        self._marked()

    def double(self) -> None:
        self._stack.append(self._stack[-1])

    def global_(self) -> None:
        name, module = self._stack.pop(), self._stack.pop()
        self._stack.append(Thing(f"{module}.{name}"))

    def make(self) -> None:
        arguments, maker = self._stack.pop(), self._stack.pop()
        self._stack.append(Thing(maker.name if isinstance(maker, Thing) else "?", arguments))

    def make_with_keywords(self) -> None:
        self._stack.pop()
        self.make()

    def build(self) -> None:
        state = self._stack.pop()
        if isinstance(self._stack[-1], Thing):
            self._stack[-1].state = state

    def persistent(self) -> None:
        self._stack.append(Thing("persistent", self._stack.pop()))

    def collect(self, kind: Callable[[list[Any]], Any]) -> None:
        self._stack.append(kind(self._marked()))

    def extend(self) -> None:
        self._append(self._marked())

    def append(self) -> None:
        self._append([self._stack.pop()])

    def _append(self, items: list[Any]) -> None:
        if isinstance(self._stack[-1], list):
            self._stack[-1].extend(items)

    def set_items(self) -> None:
        self._set(self._marked())

    def set_item(self) -> None:
        value, key = self._stack.pop(), self._stack.pop()
        self._set([key, value])

    def _set(self, items: list[Any]) -> None:
        target = self._stack[-1]
        entries = target if isinstance(target, dict) else target.entries
        entries.update(_pairs(items))


def _pairs(items: list[Any]) -> dict[Any, Any]:
    """Keys and values in turn. A key that is not plain is kept as a `Thing`: hashing what a file nests could take for ever."""
    keys = (key if isinstance(key, str | int | float | bytes | Thing | None) else Thing("key", key) for key in items[::2])
    return dict(zip(keys, items[1::2], strict=True))


def _pushing(value: Any) -> Callable[[_Machine, Any], None]:
    return lambda machine, _: machine.push(value)


def _making(new: Callable[[], Any]) -> Callable[[_Machine, Any], None]:
    return lambda machine, _: machine.push(new())


def _joining(count: int) -> Callable[[_Machine, Any], None]:
    return lambda machine, _: machine.tuple_of(count)


HANDLERS: dict[str, Callable[[_Machine, Any], Any]] = {
    **dict.fromkeys(IGNORED, _Machine.nothing),
    **{name: _pushing(value) for name, value in CONSTANTS.items()},
    **{name: _making(new) for name, new in EMPTY.items()},
    **{name: _joining(count) for name, count in TUPLES.items()},
    **dict.fromkeys(VALUES, _Machine.push),
    **dict.fromkeys(("PUT", "BINPUT", "LONG_BINPUT"), _Machine.put),
    **dict.fromkeys(("GET", "BINGET", "LONG_BINGET"), _Machine.fetch),
    "MEMOIZE": _Machine.memoize,
    "GLOBAL": _Machine.name,
    "STACK_GLOBAL": lambda machine, _: machine.global_(),
    "REDUCE": lambda machine, _: machine.make(),
    "NEWOBJ": lambda machine, _: machine.make(),
    "NEWOBJ_EX": lambda machine, _: machine.make_with_keywords(),
    "BUILD": lambda machine, _: machine.build(),
    "BINPERSID": lambda machine, _: machine.persistent(),
    "TUPLE": lambda machine, _: machine.collect(tuple),
    "LIST": lambda machine, _: machine.collect(list),
    "FROZENSET": lambda machine, _: machine.collect(list),
    "DICT": lambda machine, _: machine.collect(_pairs),
    "APPENDS": lambda machine, _: machine.extend(),
    "ADDITEMS": lambda machine, _: machine.extend(),
    "APPEND": lambda machine, _: machine.append(),
    "SETITEMS": lambda machine, _: machine.set_items(),
    "SETITEM": lambda machine, _: machine.set_item(),
    "POP": lambda machine, _: machine.pop(),
    "POP_MARK": lambda machine, _: machine.pop_marked(),
    "DUP": lambda machine, _: machine.double(),
}
"""What an opcode does, given its argument; one that is not here makes a pickle that only running it could tell."""
