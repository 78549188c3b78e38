"""What holds for the project as a whole."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from trainwatch.cli.main import VERBS

ROOT = Path(__file__).parents[1]
SRC = ROOT / "src" / "trainwatch"
HOOK = SRC / "hook" / "sitecustomize.py"
"""One file on purpose: it is copied into foreign jobs."""

IN_JOBS = (HOOK, *sorted(HOOK.parent.glob("tw_hook_*.py")))
"""What runs in foreign jobs, where no failure of ours may reach training."""

FILES = sorted(SRC.rglob("*.py"))
LOG = "{'loss': 1.5, 'grad_norm': 0.5, 'learning_rate': 0.001, 'epoch': 0.5}\n{'eval_loss': 1.4, 'epoch': 0.5}\n" * 4

HEAVY = ("textual", "rich", "torch", "numpy", "pandas", "transformers")
WITHOUT_SCREEN = (
    ["--help"],
    ["check", "train.out"],
    ["report", "train.out"],
    ["why", "train.out"],
    ["export", "train.out"],
    ["backtest", "train.out"],
    ["compare", "train.out", "train.out"],
    ["table", "train.out"],
    ["latest", "."],
    ["replay", "train.out", "--plain", "--speed", "1e9x"],
    ["attach", "train.out", "--plain"],
    ["status", "train.out"],
    ["ls"],
    ["doctor"],
    ["formats", "list"],
    ["rules", "list"],
    ["demo", "--plain", "--seconds", "0.01"],
    ["launch", "--plain", "--", "true"],
)


def python(code: str, where: Path, **env: str) -> str:
    """What a fresh interpreter prints for this code."""
    environ = {**os.environ, "HOME": str(where), "XDG_STATE_HOME": str(where / "state"), **env}
    done = subprocess.run([sys.executable, "-c", code], cwd=where, env=environ, capture_output=True, text=True, timeout=120, check=True)
    return done.stdout


def test_importing_the_package_loads_nothing(tmp_path: Path):
    """`import trainwatch` loads no other module of ours, and nothing outside the standard library."""
    loaded = python("import sys; before = set(sys.modules); import trainwatch; print(*sorted(set(sys.modules) - before))", tmp_path)
    assert loaded.split() == ["trainwatch"]


@pytest.mark.parametrize("words", WITHOUT_SCREEN, ids=lambda words: words[0])
def test_a_command_without_a_screen_loads_no_screen(words: list[str], tmp_path: Path):
    """Neither Textual nor rich, nor anything heavy, is loaded by a verb that draws no screen."""
    (tmp_path / "train.out").write_text(LOG)
    os.utime(tmp_path / "train.out", (0, 0))  # nobody waits for more of an old log
    code = f"import sys\nfrom trainwatch.cli.main import main\nmain({words!r})\nprint('LOADED', *sorted({{m.split('.')[0] for m in sys.modules}}))"
    loaded = python(code, tmp_path).rpartition("LOADED")[2].split()
    assert not set(loaded) & set(HEAVY)


def test_every_verb_is_there():
    """Each verb of the table has its file, with the words it understands and what it does."""
    for verb in VERBS:
        names = {node.name for node in ast.parse((SRC / "cli" / f"{verb}.py").read_text()).body if isinstance(node, ast.FunctionDef)}
        assert {"arguments", "run"} <= names, verb


def test_files_and_functions_are_small():
    """No file of the source is longer than 400 lines, no function longer than 60; the hook is one file on purpose."""
    for path in FILES:
        text = path.read_text(encoding="utf-8")
        assert path == HOOK or text.count("\n") <= 400, path
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                assert (node.end_lineno or 0) - node.lineno < 60, f"{path}: {node.name}"


@pytest.mark.parametrize("pattern", [r"TO" + "DO", r"FIX" + "ME", r"type: ignore", r"except Exception", r"except:"])
def test_what_the_source_does_not_hold(pattern: str):
    """No reminders, no silenced checks, no broad excepts."""
    texts = {p.relative_to(ROOT): p.read_text(encoding="utf-8") for p in FILES if p not in IN_JOBS}
    found = [f"{p}:{i}" for p, text in texts.items() for i, line in enumerate(text.splitlines(), 1) if re.search(pattern, line)]
    assert found == []


def test_nothing_is_evaluated_or_unpickled():
    """No call runs what a file or a user holds."""
    refused = {
        "eval",
        "exec",
        "compile",
        "__import__",
        "pickle.load",
        "pickle.loads",
        "pickle.Unpickler",
        "torch.load",
        "os.system",
        "marshal.loads",
    }
    for path in FILES:
        calls = {ast.unparse(n.func) for n in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(n, ast.Call)}
        assert not calls & refused, path


@pytest.mark.parametrize("path", IN_JOBS, ids=lambda path: path.stem)
def test_the_hook_is_old_python_and_stands_alone(path: Path):
    """The files put into jobs are Python 3.8 and import the standard library and what they find in the job, nothing of ours."""
    tree = ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 8))
    names = {a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}
    names |= {n.module or "" for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}
    assert not any(name.split(".")[0] == "trainwatch" for name in names)


def test_data_files_carry_no_path_of_ours():
    """Nothing that is shipped names a path of the machine it was made on."""
    for path in SRC.rglob("*"):
        if path.suffix in (".toml", ".jsonl", ".out"):
            assert not re.search(rb"/(?:work|tmp|root|home)/", path.read_bytes()), path


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built wheel."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run(build, capture_output=True, check=True, timeout=120)
    (path,) = folder.glob("*.whl")
    return path


def test_the_wheel_holds_every_data_file(wheel: Path):
    """Formats, presets, failure kinds, themes, the recording and the hook are in the wheel; tests and examples are not."""
    names = set(zipfile.ZipFile(wheel).namelist())
    ours = {str(p.relative_to(SRC.parent)) for p in SRC.rglob("*") if p.is_file() and "__pycache__" not in p.parts}
    themes = {f"trainwatch/_themes/{p.name}" for p in (ROOT / "themes").glob("*.toml")}
    assert ours | themes <= names
    assert {n.split("/")[0] for n in names} == {"trainwatch", wheel.name.split("-py3")[0] + ".dist-info"}


def test_the_wheel_works_without_the_checkout(wheel: Path, tmp_path: Path):
    """Installed into a fresh environment, away from the checkout, the commands find their data."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "venv")], check=True, timeout=120)
    pip = [
        sys.executable,
        "-m",
        "pip",
        "--python",
        str(tmp_path / "venv" / "bin" / "python"),
        "install",
        "--no-deps",
        "--no-index",
        str(wheel),
    ]
    subprocess.run(pip, capture_output=True, check=True, timeout=120)
    (tmp_path / "train.out").write_text(LOG)
    environ = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONPATH": sysconfig.get_paths()["purelib"]}
    code = "import trainwatch, trainwatch.present.theme as t; print(trainwatch.__file__, *t.available())"
    where = subprocess.run(
        [str(tmp_path / "venv/bin/python"), "-c", code], cwd=tmp_path, env=environ, capture_output=True, text=True, check=True, timeout=60
    )
    assert where.stdout.startswith(str(tmp_path))
    assert "default" in where.stdout.split()
    for words in (["demo", "--plain", "--seconds", "0.01"], ["formats", "list"], ["rules", "list"], ["report", "train.out"]):
        for name in ("trainwatch", "trainwatch-tui"):
            done = subprocess.run(
                [str(tmp_path / "venv/bin" / name), *words],
                cwd=tmp_path,
                env=environ,
                capture_output=True,
                text=True,
                check=False,
                timeout=60,
            )
            assert (done.returncode, done.stderr) == (0, ""), words
            assert done.stdout
