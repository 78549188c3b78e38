from __future__ import annotations

import json
import math
import re
import sys
from array import array
from collections import deque
from enum import Enum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.seeds import overfit_log

from trainwatch.engine.engine import Engine
from trainwatch.engine.frozen import ROOMS, Frozen, NotKeptError, attributes, freeze, thaw
from trainwatch.engine.kept import set_aside
from trainwatch.model.facts import Fact
from trainwatch.model.inputs import Chunk
from trainwatch.model.series import Series
from trainwatch.model.snapshot import RunInfo
from trainwatch.model.verdict import Severity
from trainwatch.rules.preset import load


class Foreign:
    """A class of somebody else."""


def round_trip(value: object, known: list[object] | None = None) -> object:
    """Frozen, its raw bytes joined, and thawed."""
    things = known or []
    frozen = freeze(value, {id(thing): number for number, thing in enumerate(things)}, {})
    return thaw(Frozen(frozen.root, frozen.nodes, frozen.shapes, (b"".join(bytes(memoryview(b).cast("B")) for b in frozen.blobs),)), things)


def whole() -> Frozen:
    """A fold of a small log by all rules."""
    engine = Engine(load("full"), RunInfo("run", "run", ("train.out",)))
    engine.feed(Chunk("train.out", 0, overfit_log().encode()))
    return set_aside(engine)


WHOLE = whole()
TEXT = json.dumps([WHOLE.root, WHOLE.nodes, WHOLE.shapes])
RAW = b"".join(bytes(memoryview(blob).cast("B")) for blob in WHOLE.blobs)


def read(text: list[Any]) -> Frozen:
    """A file of the whole fold that says this."""
    return Frozen(text[0], text[1], text[2], (RAW,))


PLAIN = frozenset({bool, int, float, str, bytes, type(None), list, tuple, dict, set, frozenset, deque, array, re.Pattern})
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(max_size=200)
KEYS = st.integers() | st.text() | st.tuples(st.text(), st.integers())
VALUES = st.recursive(
    SCALARS
    | st.builds(lambda v: array("d", v), st.lists(st.floats()))
    | st.builds(lambda v, times: array("q", [v]) * times, st.integers(-9, 9), st.integers(0, 100))
    | st.frozensets(st.text(), max_size=1),
    lambda inner: (
        st.lists(inner) | st.lists(inner).map(tuple) | st.dictionaries(KEYS, inner) | st.builds(deque, st.lists(inner), st.integers(1, 9))
    ),
    max_leaves=20,
)


@given(VALUES)
def test_what_is_thawed_is_what_was_frozen(value: object) -> None:
    """Numbers of every kind, texts, bytes, containers in containers: the same types, the same values, the same order."""
    assert repr(round_trip(value)) == repr(value)


def test_a_column_that_never_changes_takes_no_room() -> None:
    """The global batch size of a million records is one number, also where it is NaN; one that changes at last is all of them."""
    for value in (32.0, math.nan):
        same = array("d", [value]) * 10_000
        assert sum(len(bytes(memoryview(b).cast("B"))) for b in freeze(same, {}, {}).blobs) == 8
        assert repr(round_trip(same)) == repr(same)
    other = same[:-1] + array("d", [1.0])
    assert repr(round_trip(other)) == repr(other)


def test_objects_keep_their_attributes_and_who_shares_them() -> None:
    """Slots and dictionaries, frozen or not; one object in two places is one object again, and a circle is a circle."""
    series = Series()
    series.extend([1.0, math.nan, 3.0], 1, 3)
    fact = Fact(2.0, "train.out", 7)
    ring: list[object] = [fact, {"fact": fact, Severity.RED: re.compile(rb"a+", re.DOTALL)}]
    ring.append(ring)
    thawed = round_trip([series, ring])
    assert isinstance(thawed, list)
    again, circle = thawed
    assert repr([getattr(again, name) for name in Series.__slots__]) == repr([getattr(series, name) for name in Series.__slots__])
    assert circle[0] == fact
    assert circle[1]["fact"] is circle[0]
    assert circle[1][Severity.RED] == re.compile(rb"a+", re.DOTALL)
    assert circle[2] is circle


def test_what_the_other_side_has_is_named() -> None:
    """An object of the other side, such as a rule's specification, is found there and not copied, whatever it holds."""
    known = [object(), lambda: 1]
    assert round_trip([known[1], known[0], known[1]], known) == [known[1], known[0], known[1]]


@pytest.mark.parametrize("value", [lambda: 1, Fact, object(), iter([]), 1j, Foreign()], ids=lambda value: type(value).__name__)
def test_what_has_no_plain_form_is_refused(value: object) -> None:
    """Functions, classes, iterators and objects of others are not kept, and nobody pretends that they were."""
    with pytest.raises(NotKeptError):
        freeze([value], {}, {})


@pytest.mark.parametrize(
    "shape",
    [
        ["os", "system"],
        ["subprocess", "Popen", "args"],
        ["trainwatch.model.facts", "nothing"],
        ["trainwatch.no", "Fact"],
        ["trainwatch.model.facts", "isfinite"],
    ],
    ids=str,
)
def test_a_class_comes_from_a_loaded_module_of_ours(shape: list[str]) -> None:
    """A file that names anything else, or something that is no class, is refused before anything is made."""
    with pytest.raises(NotKeptError):
        thaw(Frozen([0], [["o", 0]], [shape], ()), [])


@pytest.mark.parametrize("nodes", [[["l", [5]]], [["a", "d", 0, 8]], [["?"]], [["o", 3]], [["f", "x"]], [["d", 1]], [[]]], ids=str)
def test_nodes_that_make_no_sense_are_refused(nodes: list[list[object]]) -> None:
    """Pointers to nowhere, raw bytes that are not there, unknown tags: an error, not a half-made state."""
    with pytest.raises(NotKeptError):
        thaw(Frozen([0], nodes, [], (b"",)), [])


@pytest.mark.parametrize(
    "shape",
    [
        ["trainwatch.replay.worker", "Worker"],
        ["trainwatch.store.rundir", "RunDir"],
        ["trainwatch.model.facts", "Fact.__class__"],
        ["trainwatch.model.facts", "Mapping"],
        ["trainwatch.model.verdict", "Severity"],
        ["trainwatch.model.facts", "Fact", "__class__"],
        ["trainwatch.model.facts", "Fact", "__dict__"],
    ],
    ids=str,
)
def test_only_what_a_fold_is_made_of_can_be_made(shape: list[str]) -> None:
    """No class of a room that touches the world, none by a detour, no new member of an enumeration, no attribute that Python reads."""
    __import__(shape[0])
    with pytest.raises(NotKeptError):
        thaw(Frozen([0], [["o", 0, *([None] * len(shape[2:]))]], [shape], ()), [])


@pytest.mark.parametrize(("name", "attribute"), [("Severity", "__class__"), ("Severity", "mro"), ("Event", "__init__")])
def test_a_member_of_an_enumeration_is_nothing_else(name: str, attribute: str) -> None:
    """A file cannot have a function or a class put where a value is meant."""
    with pytest.raises(NotKeptError):
        thaw(Frozen([0], [["e", 0, attribute]], [["trainwatch.model.verdict", name]], ()), [])


def test_no_class_of_a_fold_does_anything_when_it_is_made_or_deleted() -> None:
    """All of them, loaded by all formats and rules: no property that is set by code, no finaliser, no constructor below the usual one."""
    rooms = [module for name, module in sorted(sys.modules.items()) if name.startswith(ROOMS)]
    classes = {c for module in rooms for c in vars(module).values() if isinstance(c, type) and c.__module__ == module.__name__}
    assert len(classes) > 100
    for cls in classes:
        assert not {"__del__", "__new__", "__set__"} & set(vars(cls)) or issubclass(cls, Enum | tuple), cls
        assert not [name for name, value in vars(cls).items() if isinstance(value, property) and value.fset], cls


@pytest.mark.parametrize(
    "nodes",
    [
        [["c", "d", 0, 8, 1 << 40]],
        [["c", "d", 0, 8, 10**30]],
        [["l", *([n] for n in range(1, 200))], *([["a", "d", 0, 1 << 23]] * 200)],
        [["q", 10**30]],
        [["p", [1], 0], ["B", "(" * 100_000]],
        [["p", [1], 0], ["B", "a{99999999999999999999}"]],
    ],
    ids=lambda nodes: str(nodes)[:40],
)
def test_a_small_file_cannot_take_much_memory(nodes: list[list[object]]) -> None:
    """Columns that repeat or overlap without end, limits and patterns beyond all measure: an error before the memory is taken."""
    with pytest.raises(NotKeptError):
        thaw(Frozen([0], nodes, [], (bytes(1 << 23),)), [])


def test_a_whole_fold_is_thawed_from_its_text() -> None:
    """What the next test changes is a file as it is kept, and makes sense before."""
    state, tails = thaw(read(json.loads(TEXT)), [None] * 1000)
    assert set(state) > {"board", "readers", "curves"}
    assert set(tails) == {"train.out"}


@given(st.data())
def test_whatever_a_file_says_nothing_else_comes_of_it(data: st.DataObject) -> None:
    """A file with anything changed in it: an error of ours, or values of plain kinds and of classes of a fold."""
    frozen = json.loads(TEXT)
    part = frozen
    while isinstance(part, list) and part:
        parent, at = part, data.draw(st.integers(0, len(part) - 1))
        part = part[at]
        if data.draw(st.booleans()):
            break
    parent[at] = data.draw(JSON | st.sampled_from(["__class__", "__dict__", "trainwatch.cli.main", "mro", "o", "e", "n"]))
    try:
        made = thaw(read(frozen), [None] * 1000)
    except NotKeptError:
        return
    seen: dict[int, object] = {}
    waiting = [made]
    while waiting:
        value = waiting.pop()
        if id(value) in seen:
            continue
        seen[id(value)] = value
        kind = type(value)
        assert kind in PLAIN or kind.__module__.startswith(ROOMS), kind
        if isinstance(value, dict):
            waiting += [*value, *value.values()]
        elif isinstance(value, list | tuple | deque | set | frozenset):
            waiting += value
        elif kind not in PLAIN and not isinstance(value, Enum):
            waiting += [getattr(value, name) for name in attributes(value)]
