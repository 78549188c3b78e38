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
IGNORED = frozenset({"PROTO", "FRAME", "STOP"})
CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
EMPTY: dict[str, Callable[[], Any]] = {"EMPTY_LIST": list, "EMPTY_TUPLE": tuple, "EMPTY_DICT": dict, "EMPTY_SET": list}
VALUES = ("INT", "LONG", "FLOAT", "UNICODE", "BYTES", "STRING", "BYTEARRAY")
TUPLES = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}


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
        at = 0
        for opcode, argument, position in pickletools.genops(data):
            at = position or 0
            self._step(opcode.name, argument)
        if at != len(data) - 1:
            raise NotPlain("not whole: bytes after its end")
        return self._stack.pop()

    def _step(self, name: str, argument: Any) -> None:
        """One opcode. Raises `NotPlain` for one that is not known."""
        stack = self._stack
        if name in CONSTANTS:
            stack.append(CONSTANTS[name])
        elif name in EMPTY:
            stack.append(EMPTY[name]())
        elif name in TUPLES:
            stack[-TUPLES[name] :] = [tuple(stack[-TUPLES[name] :])]
        elif name == "MARK":
            stack.append(MARK)
        elif name.endswith("PUT"):
            self._memo[int(argument)] = stack[-1]
        elif name == "MEMOIZE":
            self._memo[len(self._memo)] = stack[-1]
        elif name.endswith("GET"):
            stack.append(self._memo[int(argument)])
        elif name in ACTIONS:
            ACTIONS[name](self)
        elif name == "GLOBAL":
            stack.append(Thing(str(argument).replace(" ", ".")))
        elif any(value in name for value in VALUES) and argument is not None:
            stack.append(argument)
        elif name not in IGNORED:
            raise NotPlain(f"its pickle holds {name}")

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


ACTIONS: dict[str, Callable[[_Machine], Any]] = {
    "STACK_GLOBAL": _Machine.global_,
    "REDUCE": _Machine.make,
    "NEWOBJ": _Machine.make,
    "NEWOBJ_EX": _Machine.make_with_keywords,
    "BUILD": _Machine.build,
    "BINPERSID": _Machine.persistent,
    "TUPLE": lambda machine: machine.collect(tuple),
    "LIST": lambda machine: machine.collect(list),
    "FROZENSET": lambda machine: machine.collect(list),
    "DICT": lambda machine: machine.collect(_pairs),
    "APPENDS": _Machine.extend,
    "ADDITEMS": _Machine.extend,
    "APPEND": _Machine.append,
    "SETITEMS": _Machine.set_items,
    "SETITEM": _Machine.set_item,
    "POP": lambda machine: machine._stack.pop(),  # noqa: SLF001
    "POP_MARK": _Machine._marked,  # noqa: SLF001
    "DUP": lambda machine: machine._stack.append(machine._stack[-1]),  # noqa: SLF001
}
