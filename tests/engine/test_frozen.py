from __future__ import annotations

import math
import re
from array import array
from collections import deque

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainwatch.engine.frozen import Frozen, NotKeptError, freeze, thaw
from trainwatch.model.facts import Fact
from trainwatch.model.series import Series
from trainwatch.model.verdict import Severity


class Foreign:
    """A class of somebody else."""


def round_trip(value: object, known: list[object] | None = None) -> object:
    """Frozen, its raw bytes joined, and thawed."""
    things = known or []
    frozen = freeze(value, {id(thing): number for number, thing in enumerate(things)}, {})
    return thaw(Frozen(frozen.root, frozen.nodes, frozen.shapes, (b"".join(bytes(memoryview(b).cast("B")) for b in frozen.blobs),)), things)


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
