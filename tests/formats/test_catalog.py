from __future__ import annotations

from pathlib import Path

import pytest
from tests.formats.reading import read

from trainwatch.formats.catalog import builtin, catalog, choose, source_of
from trainwatch.model.errors import DataFileError, UsageError

MINE = """
name = "mine"
about = "my own loop"

[rename]
klr = "learning_rate"

[[shape]]
text = "<<< <step> loss <loss> klr <klr> in <step_time:ms>ms"
kind = "train"

[[sample]]
text = "<<< 5 loss 0.5 klr 0.1 in 20ms\\n"
[[sample.record]]
kind = "train"
step = 5
values = { loss = 0.5, learning_rate = 0.1, step_time = 0.02 }
"""

BROKEN = """
name = "broken"
speed = 3

[[shape]]
text = "<step> first"
kind = "trian"

[[shape]]
text = "a <x:parsec>"
at = "somewhere"
kind = "train"
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's own formats folder."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    place = tmp_path / "trainwatch" / "formats"
    place.mkdir(parents=True)
    return place


def test_a_user_format_is_read_with(folder: Path) -> None:
    """A file in the user's folder is a format like the others."""
    (folder / "mine.toml").write_text(MINE)
    assert "mine" in {fmt.name for fmt in catalog()}
    assert [record[1:5] for record in read("<<< 5 loss 0.5 klr 0.1 in 20ms\n")] == [("mine", 1, 0, 5)]


def test_a_user_format_replaces_a_built_in_one_of_its_name(folder: Path) -> None:
    """The user's file wins."""
    (folder / "nanogpt.toml").write_text(MINE.replace('"mine"', '"nanogpt"'))
    assert [fmt.about for fmt in catalog() if fmt.name == "nanogpt"] == ["my own loop"]
    assert source_of("nanogpt") == MINE.replace('"mine"', '"nanogpt"')


def test_every_mistake_of_a_user_file_is_named(folder: Path) -> None:
    """File and key of all mistakes at once, and what would be right."""
    (folder / "broken.toml").write_text(BROKEN)
    with pytest.raises(DataFileError) as caught:
        catalog()
    text = str(caught.value)
    for part in ("speed", "about", "shape[0].text", "shape[0].kind", "shape[1].text", "shape[1].at", "sample", "broken.toml"):
        assert part in text
    assert len(caught.value.mistakes) == 7


def test_a_file_that_is_no_toml_is_named(folder: Path) -> None:
    """A syntax error says where."""
    (folder / "bad.toml").write_text("name = \n")
    with pytest.raises(DataFileError, match=r"bad.toml.*not TOML.*line 1"):
        catalog()


def test_an_unknown_name_is_told_with_the_known_ones() -> None:
    """A typo in --formats names what there is."""
    with pytest.raises(UsageError, match=r"hf_trianer.*hf_trainer"):
        choose(["hf_trianer"])


def test_coded_readers_have_names_too() -> None:
    """Readers without a file are chosen like formats."""
    formats, readers = choose(["generic", "megatron"])
    assert [fmt.name for fmt in formats] == ["megatron"]
    assert readers == {"generic", "json", "history", "bars", "tables", "grids", "listing"}


def test_a_format_file_goes_before_a_format_of_its_name(tmp_path: Path) -> None:
    """A path is the file there, wherever it lies, and nothing else is read with; of two files of one name the first counts."""
    first, second = tmp_path / "a.toml", tmp_path / "b.toml"
    first.write_text(MINE.replace('"mine"', '"nanogpt"'))
    second.write_text(MINE.replace('"mine"', '"nanogpt"').replace("my own", "another"))
    formats, readers = choose([str(first), "nanogpt", "megatron", str(second)])
    assert [(fmt.name, fmt.about == "my own loop") for fmt in formats] == [("nanogpt", True), ("megatron", False)]
    assert readers == frozenset()


def test_every_mistake_of_every_file_named_is_told(tmp_path: Path) -> None:
    """Two files with mistakes are told at once."""
    for name in ("a", "b"):
        (tmp_path / f"{name}.toml").write_text(BROKEN)
    with pytest.raises(DataFileError) as caught:
        choose([str(tmp_path / "a.toml"), str(tmp_path / "b.toml")])
    assert {Path(mistake.file).name for mistake in caught.value.mistakes} == {"a.toml", "b.toml"}


def test_names_are_unique() -> None:
    """No two built-in formats share a name."""
    assert len({fmt.name for fmt in builtin()}) == len(builtin())


def test_whoever_reads_needs_no_samples() -> None:
    """Without its samples a format has all its shapes and names: samples stand last in every file."""
    short = builtin(samples=False)
    assert [(fmt.name, fmt.rename, [(s.template, s.kinds, s.needs) for s in fmt.shapes]) for fmt in short] == [
        (fmt.name, fmt.rename, [(s.template, s.kinds, s.needs) for s in fmt.shapes]) for fmt in builtin()
    ]
    assert not any(fmt.samples for fmt in short)
