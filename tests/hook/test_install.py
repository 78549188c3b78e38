from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

from trainwatch.hook.install import PARTS, SOURCE, environment, install


@pytest.mark.parametrize("source", [SOURCE, *PARTS], ids=lambda path: path.stem)
def test_the_hook_is_python_3_8_and_needs_the_standard_library_only(source: Path) -> None:
    """It runs in the job's Python, whatever that has installed."""
    tree = ast.parse(source.read_text(), feature_version=(3, 8))
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    names |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert names
    assert {name.partition(".")[0] for name in names} <= sys.stdlib_module_names


def test_copies_lie_in_the_folder_and_replace_older_ones(tmp_path: Path) -> None:
    """The copies are the files themselves, for the owner only, with nothing left beside them."""
    (tmp_path / "sitecustomize.py").write_text("old")
    assert install(tmp_path) == tmp_path / "sitecustomize.py"
    assert {p.name for p in tmp_path.iterdir()} == {p.name for p in (SOURCE, *PARTS)}
    for source in (SOURCE, *PARTS):
        copy = tmp_path / source.name
        assert copy.read_bytes() == source.read_bytes()
        assert copy.stat().st_mode & 0o777 == 0o600


def test_the_folder_comes_first_and_once(tmp_path: Path) -> None:
    """What was on PYTHONPATH stays behind it; the rest of the environment is kept; a second time changes nothing."""
    once = environment(tmp_path, {"PYTHONPATH": "/a::/b", "HOME": "/h"})
    assert once == {"PYTHONPATH": f"{tmp_path}:/a:/b", "HOME": "/h"}
    assert environment(tmp_path, once) == once
    assert environment(tmp_path, {})["PYTHONPATH"] == str(tmp_path)


def test_a_folder_that_pythonpath_cannot_name_is_refused(tmp_path: Path) -> None:
    """A colon separates entries, so the hook would not be found: better said before the job starts."""
    with pytest.raises(ValueError, match="cannot be reached through PYTHONPATH"):
        environment(tmp_path / "a:b", {})
