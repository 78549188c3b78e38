"""Documents that drift from the code fail."""

from __future__ import annotations

import argparse
import importlib
import re
import shlex
import tomllib
from pathlib import Path

import pytest

from trainwatch import __version__
from trainwatch.cli.check import BLIND, CODES
from trainwatch.cli.main import VERBS
from trainwatch.failures.load import kinds
from trainwatch.model import errors
from trainwatch.rules import preset

ROOT = Path(__file__).parents[1]
DOCUMENTS = ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "benchmarks/README.md")
README = (ROOT / "README.md").read_text(encoding="utf-8")


def section(title: str) -> str:
    """The text under a heading of the README."""
    return README.split(f"\n## {title}\n", 1)[1].split("\n## ", 1)[0]


def shown(document: str) -> list[str]:
    """The commands in the indented blocks of a document."""
    text = (ROOT / document).read_text(encoding="utf-8")
    return [line.strip() for line in re.findall(r"^ {4}(\S.*)$", text, re.MULTILINE)]


COMMANDS = [c for d in DOCUMENTS for c in shown(d) if c.startswith("trainwatch ")]
LINKS = [(d, link) for d in DOCUMENTS for link in re.findall(r"\]\(([^)\s]+)\)", (ROOT / d).read_text(encoding="utf-8"))]


def test_the_table_of_verbs_is_the_table_of_verbs():
    """Every verb of the README exists, and every verb of the command is in the README, in the same order."""
    assert re.findall(r"^\| `(\w+)` \|", section("Verbs"), re.MULTILINE) == list(VERBS)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_that_is_shown_can_be_typed(command: str):
    """The words of every command shown are understood by its verb."""
    verb, *words = shlex.split(command, comments=True)[1:]
    parser = argparse.ArgumentParser(exit_on_error=False, allow_abbrev=False)
    importlib.import_module(f"trainwatch.cli.{verb}").arguments(parser)
    parser.parse_args(words)


def test_commands_are_shown():
    """The README shows the demo first, then how to attach and to launch."""
    verbs = [shlex.split(c, comments=True)[1] for c in COMMANDS]
    assert verbs[:2] == ["demo", "attach"]
    assert "launch" in verbs


@pytest.mark.parametrize(("document", "link"), LINKS)
def test_links_lead_somewhere(document: str, link: str):
    """A link within the project names a file that is there."""
    if "://" not in link:
        assert ((ROOT / document).parent / link.partition("#")[0]).is_file()


def test_the_picture_is_one_that_make_snap_makes():
    """The picture of the README lies where the snapshots are written."""
    pictures = re.findall(r"!\[[^]]*\]\(([^)]+)\)", README)
    assert pictures
    assert all(Path(p).parent == Path("docs") for p in pictures)


@pytest.mark.parametrize("word", sorted({m for d in DOCUMENTS for m in re.findall(r"`?make (\w+)", " ".join(shown(d)))}))
def test_words_of_make_exist(word: str):
    """Every `make WORD` shown is a target."""
    assert re.search(rf"^{word}:", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)


def test_every_exit_code_is_explained():
    """Each code that the program can end with by itself has its row."""
    rows = re.findall(r"^\| ([\d, ]+) \|", section("Exit codes"), re.MULTILINE)
    explained = {int(code) for row in rows for code in row.split(",")}
    ours = {e.exit_code for e in vars(errors).values() if isinstance(e, type) and issubclass(e, errors.TrainwatchError)}
    assert ours | set(CODES.values()) | {0, BLIND} | set(range(80, 87)) | {126, 127} <= explained


def test_the_rules_that_are_named_exist():
    """The rules that stop by default, and those that must be named, are those of the default preset."""
    rules = {rule.name: rule for rule in preset.load("default").rules}
    row = next(line for line in section("The three words of trust").splitlines() if line.startswith("| `--may stop"))
    allowed, named = row.split("A bare `--may stop` allows", 1)[1].split(". ", 1)
    assert set(re.findall(r"`(\w+)`", allowed)) == {name for name, rule in rules.items() if rule.stop_by_default}
    assert set(re.findall(r"`(\w+)`", named)) <= {name for name, rule in rules.items() if not rule.stop_by_default}


def test_requirements_are_those_of_the_package():
    """The README names every runtime dependency and the right version of Python."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    text = section("Requirements")
    for requirement in project["dependencies"]:
        assert f"`{re.split('[<>=]', requirement)[0]}`" in text
    assert f"Python {project['requires-python'].removeprefix('>=')} or newer" in section("Try it")
    assert f"`{project['name']}`" in section("Try it")
    assert "    pip install .\n" in section("Try it")


def test_the_changelog_knows_this_version():
    """The newest entry is the version of the package, and its figures hold."""
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.search(r"^## (\S+)$", text, re.MULTILINE)[1] == __version__
    assert f"{len(kinds())} kinds" in text


def test_every_room_is_described():
    """CONTRIBUTING names every room, and none that does not exist."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    rooms = {p.name for p in (ROOT / "src/trainwatch").iterdir() if (p / "__init__.py").is_file()}
    assert set(re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE)) == rooms
