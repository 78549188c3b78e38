"""Settings in YAML and JSON files."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from trainwatch.formats.settings import settings


def test_json_at_any_depth() -> None:
    """Every scalar of an object and of the objects in it, with the line of its name; lists, null and texts equal to names are passed by."""
    text = b'{\n "note": "lr",\n "optimizer": {\n  "lr": 2e-4, "fused": true},\n "betas": [0.9],\n "last": null,\n "epochs": 3\n}\n'
    found = [("note", "lr", 2), ("lr", "0.0002", 4), ("fused", "true", 4), ("epochs", "3", 7)]
    assert settings(".json", text) == [(name.encode(), value.encode(), line) for name, value, line in found]


def test_yaml_lines() -> None:
    """`name: value` at any depth, without comments; what stands in a block of text is none."""
    text = b"a: 1 # x\r\nprompt: |\n  lr: 9\n\n  max_steps: 9\ntrain:\n  lr: '3e-4'\n  - name: x\nurl: http://x\n"
    assert settings(".yaml", text) == [
        (b"a", b"1", 1),
        (b"prompt", b"|", 2),
        (b"lr", b"'3e-4'", 7),
        (b"name", b"x", 8),
        (b"url", b"http://x", 9),
    ]


def test_results_are_no_settings() -> None:
    """A file with a number as its loss tells what a run came to; a loss by its name is a setting."""
    assert settings(".json", b'{"learning_rate": 0.0, "train_loss": 0.3}') == []
    assert len(settings(".yaml", b"loss: mse\nlr: 1e-3\n")) == 2


def test_a_deep_or_broken_file_says_nothing() -> None:
    """JSON that is cut off, nested without end, or no object."""
    for text in (b'{"lr": 1', b"[" * 100_000, b"3", b'{"a":' * 50 + b"1" + b"}" * 50):
        assert [name for name, _, _ in settings(".json", text) if name == b"lr"] == []


@given(st.binary(max_size=200), st.sampled_from([".json", ".yaml"]))
def test_any_bytes(text: bytes, suffix: str) -> None:
    """Whatever a file holds, its settings stand on lines of it."""
    lines = text.count(b"\n") + 1
    assert all(1 <= line <= lines for _, _, line in settings(suffix, text))


@given(st.dictionaries(st.text(max_size=8), st.integers(), max_size=8), st.sampled_from([None, 1]))
def test_all_of_a_flat_object(item: dict[str, int], indent: int | None) -> None:
    """A flat object gives its pairs in order, however it is written."""
    item = {name: value for name, value in item.items() if name not in ("loss", "train_loss", "eval_loss", "global_step")}
    found = settings(".json", json.dumps(item, indent=indent).encode())
    assert [(name, value) for name, value, _ in found] == [
        (name.encode("utf-8", "replace"), str(value).encode()) for name, value in item.items()
    ]
