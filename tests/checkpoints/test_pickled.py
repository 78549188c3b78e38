from __future__ import annotations

import argparse
import collections
import pickle

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from trainwatch.checkpoints.pickled import NotPlain, Thing, read

plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(st.text() | st.integers(), inner),
)


@given(value=plain, protocol=st.integers(0, pickle.HIGHEST_PROTOCOL))
def test_plain_values_are_what_pickle_says(value: object, protocol: int) -> None:
    """Every protocol; bytes have an opcode of their own only from the third on."""
    data = pickle.dumps(value, protocol)
    if protocol >= 3 or (b"_codecs" not in data and b"__builtin__" not in data):
        assert read(data) == pickle.loads(data)  # noqa: S301  our own


def test_objects_become_things_and_nothing_is_called() -> None:
    """The state of an object, and what a mapping of another class holds; a call that would do harm is a name with arguments."""
    value = read(pickle.dumps({"args": argparse.Namespace(size=2), "weights": collections.OrderedDict(w=1)}))
    assert value["args"].get("size") == 2
    assert value["weights"].entries == {"w": 1}
    harm = read(b"cos\nsystem\n(S'exit 1'\ntR.")
    assert isinstance(harm, Thing)
    assert (harm.name, harm.arguments) == ("os.system", ("exit 1",))


@given(data=st.binary(max_size=200))
@example(b"(((.")
@example(b"}" * 50 + b".")
@example(b")" + b"\x86" * 5 + b".")
@example(b"g5\n.")
@example(b"}Nsu.")
def test_whatever_the_bytes_are_there_is_an_answer(data: bytes) -> None:
    """A value or `NotPlain`, never another error."""
    try:
        read(data)
    except NotPlain:
        return


@given(value=plain, data=st.data())
def test_a_cut_pickle_is_refused(value: object, data: st.DataObject) -> None:
    """It has lost its end mark."""
    whole = pickle.dumps(value)
    with pytest.raises(NotPlain):
        read(whole[: data.draw(st.integers(0, len(whole) - 1))])


def test_nested_keys_cost_nothing() -> None:
    """A key of tuples that double at every level would take longer to hash than anybody lives."""
    doubled = b")" + b"".join(b"2\x86" for _ in range(200))
    assert read(b"}" + doubled + b"Ns.") != {}
