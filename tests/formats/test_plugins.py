import os
import subprocess
import sys
import zipfile
from pathlib import Path

from trainwatch.formats.plugins import plugin_files

FORMAT = """
name = "mylab"
about = "the loops of my lab"

[[shape]]
text = "[lab] <step> L=<loss>"
kind = "train"

[[sample]]
text = "[lab] 7 L=0.25\\n"
[[sample.record]]
kind = "train"
step = 7
values = { loss = 0.25 }
"""

PROJECT = """
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "trainwatch-mylab"
version = "1.0"

[project.entry-points."trainwatch.formats"]
mylab = "trainwatch_mylab.formats"
"""


def a_wheel(folder: Path) -> Path:
    """A package that brings a format, built as such packages are."""
    source = folder / "source"
    (source / "trainwatch_mylab" / "formats").mkdir(parents=True)
    (source / "pyproject.toml").write_text(PROJECT)
    (source / "trainwatch_mylab" / "__init__.py").write_text("raise RuntimeError('nobody may import this')\n")
    (source / "trainwatch_mylab" / "formats" / "mylab.toml").write_text(FORMAT)
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(source)]
    subprocess.run(build, check=True, capture_output=True)
    return next(folder.glob("*.whl"))


def test_an_installed_package_brings_formats(tmp_path):
    """A real wheel: its format is listed with its file, shown, proven, and read with; none of its code is run."""
    place = tmp_path / "site"
    with zipfile.ZipFile(a_wheel(tmp_path)) as wheel:
        wheel.extractall(place)
    log = tmp_path / "lab.log"
    log.write_text("".join(f"[lab] {step} L={1 / step:.3f}\n" for step in range(1, 9)))
    environ = {**os.environ, "PYTHONPATH": str(place), "XDG_CONFIG_HOME": str(tmp_path)}

    def told(*words: str) -> str:
        return subprocess.run(
            [sys.executable, "-m", "trainwatch", *words], env=environ, check=True, capture_output=True, text=True, cwd=tmp_path
        ).stdout

    file = place / "trainwatch_mylab" / "formats" / "mylab.toml"
    assert any(line.startswith("mylab ") and line.endswith(f"({file})") for line in told("formats", "list").splitlines())
    assert told("formats", "show", "mylab") == FORMAT
    assert told("formats", "check", str(file)).endswith("1 shapes, 1 samples, all as expected\n")
    assert told("formats", "test").endswith("0 failures\n")
    assert told("export", str(log)).count('"format": "mylab"') == 8


def test_damaged_packages_bring_nothing(tmp_path):
    """An entry point file that makes no sense, one of another group, and a package that is gone."""
    for name, text in {
        "a": "[trainwatch.formats\nx = y",
        "b": "[console_scripts]\nx = trainwatch.formats:y\n",
        "c": "[trainwatch.formats]\nx = gone.away\n",
    }.items():
        folder = tmp_path / f"{name}-1.dist-info"
        folder.mkdir()
        (folder / "entry_points.txt").write_text(text)
    assert plugin_files([str(tmp_path)]) == []
