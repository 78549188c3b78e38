from __future__ import annotations

import pytest

from trainwatch.formats.catalog import builtin
from trainwatch.formats.check import failures
from trainwatch.formats.schema import Format


@pytest.mark.parametrize("fmt", builtin(), ids=lambda fmt: fmt.name)
def test_a_format_reads_its_own_samples(fmt: Format) -> None:
    """Every built-in format finds what its samples expect."""
    assert failures(fmt) == []


def test_a_sample_that_is_not_met_is_told() -> None:
    """The checker names record and key of what differs."""
    from trainwatch.formats.schema import parse_format

    data = {
        "name": "mine",
        "about": "a test",
        "shape": [{"text": "now <step>: <loss>", "kind": "train"}],
        "sample": [{"text": "now 3: 0.5\n", "record": [{"kind": "eval", "step": 4, "values": {"loss": 0.5}}], "facts": {"seed": 1}}],
    }
    told = failures(parse_format(data, "mine.toml", []))
    assert [str(mistake) for mistake in told] == [
        "mine.toml: sample[0].record[0].kind: 'train', expected 'eval'",
        "mine.toml: sample[0].record[0].step: 3, expected 4",
        "mine.toml: sample[0].facts.seed: None, expected 1",
    ]
