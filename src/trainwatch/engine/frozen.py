"""The state of a fold as JSON and raw bytes, and back.

A fold is a graph of plain objects: numbers, texts, containers, arrays, and instances of our own classes. Each becomes a node; what stands
in several places stays one object. Nothing is called on the way back: an object is made without its constructor and its attributes are
set. A class is one of the rooms that a fold is made of, in a module that is loaded already; what is made takes no more room than the file
and `REPEATED`.

A value is null, true, false, a whole number, a finite number, a text, or `[n]`: node n. A node is a list that starts with its tag:
    ["f", "nan"]  ["l", …]  ["t", …]  ["s", …]  ["z", …]     a number that is not finite; list, tuple, set, frozenset
    ["d", key, value, …]  ["q", most, …]                     a dict in its order; a deque
    ["a", "d", at, bytes]  ["c", "d", at, bytes, times]      an array; one that says the same so many times
    ["b", at, bytes]  ["B", "text"]                          bytes; short ones as Latin-1
    ["p", pattern, flags]  ["e", class, "NAME"]              a compiled pattern, a member of an enumeration
    ["n", number]  ["o", shape, value, …]                    what the reader has already; an object, whose shape names class and attributes
"""

from __future__ import annotations

import math
import re
import sys
from array import array
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, TypeAlias

Raw: TypeAlias = "bytes | memoryview | array[Any]"
ROOMS = ("trainwatch.engine.", "trainwatch.failures.", "trainwatch.formats.", "trainwatch.model.", "trainwatch.rules.")
"""Where the classes of a fold are: none of them opens a file, starts a process or says how it is pickled or deleted."""

_PLAIN = frozenset({bool, int, str})
SHORT = 64
"""Bytes up to which a text of bytes stands among the nodes."""

REPEATED = 1 << 30
"""Bytes of memory that columns may take which say the same all over, and so take none in a file."""

SENSELESS = (ArithmeticError, AttributeError, LookupError, MemoryError, RecursionError, TypeError, ValueError, re.error)
"""What becomes of nodes that make no sense."""


class NotKeptError(Exception):
    """A value that has no plain form, or nodes that make no sense."""


@dataclass
class Frozen:
    """Nodes with the shapes of objects, and the raw bytes they point into. `root` is a value."""

    root: Any = None
    nodes: list[Any] = field(default_factory=list)
    shapes: list[list[Any]] = field(default_factory=list)
    blobs: Sequence[Raw] = ()


def freeze(root: object, known: Mapping[int, int], instead: Mapping[type, Any]) -> Frozen:
    """The graph below `root`. `known` maps ids of objects that the reader has to their numbers; `instead` maps classes to what replaces one.

    Raises NotKeptError for what has no plain form.
    """
    writer = _Writer(known, instead)
    try:
        value = writer.value(root)
    except RecursionError as error:
        raise NotKeptError("the state is too deep") from error
    return Frozen(value, writer.nodes, writer.shapes, writer.blobs)


def thaw(frozen: Frozen, known: Sequence[object]) -> Any:
    """The graph again; `known` are the numbered objects, `frozen.blobs` is one buffer. Raises NotKeptError for nodes that make no sense."""
    try:
        return _Reader(frozen, known).value(frozen.root)
    except SENSELESS as error:
        raise NotKeptError(f"the state makes no sense ({error})") from error


def attributes(value: object) -> list[str]:
    """The names of the attributes that an object has now."""
    slots = [name for cls in type(value).__mro__ for name in _slots(cls)]
    return [name for name in (*slots, *getattr(value, "__dict__", ())) if hasattr(value, name)]


def _slots(cls: type) -> tuple[str, ...]:
    """The slots that a class adds."""
    slots = cls.__dict__.get("__slots__", ())
    return tuple(s for s in ((slots,) if isinstance(slots, str) else slots) if s not in ("__dict__", "__weakref__"))


def _class(module: str, name: str) -> type:
    """A class of a room in `ROOMS` that is loaded. Raises KeyError, AttributeError or ValueError."""
    if not module.startswith(ROOMS):
        raise ValueError(module)
    found: Any = sys.modules[module]
    for part in name.split("."):
        found = getattr(found, part)
    if not isinstance(found, type) or found.__module__ != module:
        raise ValueError(name)
    return found


def _plain(names: Sequence[str]) -> Sequence[str]:
    """Names of attributes. Raises ValueError for those that mean something to Python, such as the class of an object."""
    if any(name.startswith("__") for name in names):
        raise ValueError("a name that is no attribute of ours")
    return names


def _bare(cls: type) -> Any:
    """An object without attributes. Raises TypeError for an enumeration, which has no others than its members."""
    if issubclass(cls, Enum):
        raise TypeError(cls.__name__)
    return object.__new__(cls)


def _member(cls: type, name: str) -> Enum:
    """A member of an enumeration. Raises TypeError for any other class, KeyError for any other attribute."""
    if not issubclass(cls, Enum):
        raise TypeError(cls.__name__)
    return cls[name]


class _Writer:
    """Turns objects into nodes."""

    def __init__(self, known: Mapping[int, int], instead: Mapping[type, Any]) -> None:
        self.nodes: list[Any] = []
        self.shapes: list[list[Any]] = []
        self.blobs: list[Raw] = []
        self._size = 0
        self._instead = instead
        self._known = known
        self._seen: dict[int, tuple[object, list[int]]] = {}
        self._shapes: dict[tuple[str, ...], int] = {}

    def value(self, value: object) -> Any:
        """A value as JSON."""
        kind = type(value)
        if value is None or kind in _PLAIN or (isinstance(value, float) and math.isfinite(value)):
            return value
        seen = self._seen.get(id(value))
        if seen is None:
            seen = self._seen[id(value)] = value, self._made(value, kind)
        return seen[1]

    def _made(self, value: Any, kind: type) -> list[int]:
        """A new node."""
        if id(value) in self._known:
            return self._node(["n", self._known[id(value)]])
        if kind in self._instead:
            made: list[int] = self.value(self._instead[kind](value))
            return made
        if kind in (tuple, frozenset):  # what it holds comes first
            return self._node(["t" if kind is tuple else "z", *map(self.value, value)])
        leaf = self._leaf(value, kind)
        if leaf is not None:
            return self._node(leaf)
        node: list[Any] = []
        place = self._node(node)
        self._seen[id(value)] = value, place
        node += self._container(value, kind)
        return place

    def _node(self, node: list[Any]) -> list[int]:
        """Append a node."""
        self.nodes.append(node)
        return [len(self.nodes) - 1]

    def _leaf(self, value: Any, kind: type) -> list[Any] | None:
        """A node that points to no other; None for what does."""
        if kind is float:
            return ["f", repr(value)]
        if kind is bytes:
            return ["B", value.decode("latin-1")] if len(value) <= SHORT else ["b", *self._blob(value, len(value))]
        if kind is array:
            return self._column(memoryview(value).cast("B"), value.typecode, value.itemsize)
        if kind is re.Pattern:
            return ["p", self.value(value.pattern), value.flags]
        if isinstance(value, Enum):
            return ["e", self._shape(kind, []), value.name]
        return None

    def _container(self, value: Any, kind: type) -> list[Any]:
        """A node whose parts may point back to it."""
        if kind is list:
            return ["l", *map(self.value, value)]
        if kind is dict:
            return ["d", *(self.value(part) for pair in value.items() for part in pair)]
        if kind is set:
            return ["s", *map(self.value, value)]
        if kind is deque:
            return ["q", value.maxlen, *map(self.value, value)]
        if not kind.__module__.startswith(ROOMS) or isinstance(value, type):
            raise NotKeptError(f"a {kind.__module__}.{kind.__qualname__} has no plain form")
        names = attributes(value)
        return ["o", self._shape(kind, names), *(self.value(getattr(value, name)) for name in names)]

    def _shape(self, kind: type, names: list[str]) -> int:
        """The number of a class with these attributes."""
        key = (kind.__module__, kind.__qualname__, *names)
        if key not in self._shapes:
            self._shapes[key] = len(self.shapes)
            self.shapes.append(list(key))
        return self._shapes[key]

    def _column(self, raw: memoryview, code: str, size: int) -> list[Any]:
        """An array; configuration is printed again and again, and stands there once."""
        if len(raw) > SHORT and raw[:size] == raw[-size:] and bytes(raw[size:]) == bytes(raw[:-size]):
            return ["c", code, *self._blob(raw[:size], size), len(raw) // size]
        return ["a", code, *self._blob(raw, len(raw))]

    def _blob(self, data: Raw, size: int) -> tuple[int, int]:
        """Where the bytes will stand, in whole eights, and how many they are."""
        at = self._size
        self.blobs.append(data)
        self._size += size
        if size % 8:
            self.blobs.append(bytes(8 - size % 8))
            self._size += 8 - size % 8
        return at, size


class _Reader:
    """Turns nodes into objects: first those without parts, then tuples, then what parts may be put into."""

    def __init__(self, frozen: Frozen, known: Sequence[object]) -> None:
        self._raw = memoryview(frozen.blobs[0] if frozen.blobs else b"").cast("B")
        self._room = len(self._raw) + REPEATED
        self._shapes = [(_class(module, name), _plain(names)) for module, name, *names in frozen.shapes]
        self._known = known
        self._things: list[Any] = [None] * len(frozen.nodes)
        late: list[int] = []
        for number, node in enumerate(frozen.nodes):
            if node[0] in ("t", "z"):
                late.append(number)
            else:
                self._things[number] = self._begun(node)
        for number in late:
            tag, *parts = frozen.nodes[number]
            made = map(self.value, parts)
            self._things[number] = tuple(made) if tag == "t" else frozenset(made)
        for objects in (True, False):  # a key of a dict must have its attributes first
            for thing, node in zip(self._things, frozen.nodes, strict=True):
                if (node[0] == "o") is objects:
                    self._fill(thing, node)

    def value(self, value: Any) -> Any:
        """A JSON value as what it stands for."""
        return self._things[value[0]] if type(value) is list else value

    def _begun(self, node: list[Any]) -> Any:
        """An object without its parts."""
        match node:
            case ["o", shape, *_]:
                return _bare(self._shapes[shape][0])
            case ["l", *_]:
                return []
            case ["d", *_]:
                return {}
            case ["s", *_]:
                return set()
            case ["q", most, *_]:
                return deque(maxlen=most)
            case ["f", text]:
                return float(text)
            case ["B", text]:
                return text.encode("latin-1")
            case ["b", at, size]:
                return bytes(self._part(at, size))
            case ["a", code, at, size]:
                return self._column(code, self._part(at, size))
            case ["c", code, at, size, times]:
                self._take(size * times)
                return self._column(code, self._part(at, size)) * times
            case ["p", pattern, flags]:
                return re.compile(self.value(pattern), flags)
            case ["e", shape, name]:
                return _member(self._shapes[shape][0], name)
            case ["n", number]:
                return self._known[number]
        raise ValueError(node[:1])

    @staticmethod
    def _column(code: str, raw: memoryview) -> array[Any]:
        """Raw bytes as an array."""
        values: array[Any] = array(code)
        values.frombytes(raw)
        return values

    def _part(self, at: int, size: int) -> memoryview:
        """Raw bytes. Raises ValueError where there are none."""
        self._take(size)
        part = self._raw[at : at + size]
        if len(part) != size:
            raise ValueError("the raw bytes end too early")
        return part

    def _take(self, size: int) -> None:
        """Account for bytes that are about to be made. Raises ValueError when they are more than the file can mean."""
        self._room -= size
        if self._room < 0:
            raise ValueError("the columns are too large")

    def _fill(self, thing: Any, node: list[Any]) -> None:
        """Put the parts in."""
        value = self.value
        match node:
            case ["o", shape, *parts]:
                for name, part in zip(self._shapes[shape][1], parts, strict=True):
                    object.__setattr__(thing, name, value(part))
            case ["l", *parts] | ["q", _, *parts]:
                thing.extend(map(value, parts))
            case ["s", *parts]:
                thing.update(map(value, parts))
            case ["d", *parts]:
                thing.update(zip(map(value, parts[::2]), map(value, parts[1::2]), strict=True))
