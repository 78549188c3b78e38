import ast
import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from tests.faults import NO_DISK
from tests.live import WAIT, wait_for

from trainwatch.store.lock import start_ticks
from trainwatch.supervise import shim

LOOK = """
import json, os
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
out = os.stat("/dev/stdin"), os.stat("/dev/null")
print(json.dumps({
    "ignored": int(status["SigIgn"], 16), "blocked": int(status["SigBlk"], 16), "session": os.getsid(0) == os.getpid(),
    "null": out[0].st_rdev == out[1].st_rdev, "file": os.path.isfile(os.readlink("/proc/self/fd/1")), "mine": os.environ["MINE"],
    "cwd": os.getcwd(), "parent": os.getppid(),
}))
"""


OF_LIBC = 1 << 31 | 1 << 32
"""Signals 32 and 33, which glibc keeps for its threads: its sigaction() refuses them with EINVAL, so that nobody who starts a program
can give them back their default. Where whatever started the tests ignores them, every process below does."""


def ignored_here() -> int:
    """The signals that this process ignores."""
    return int(dict(line.split(":", 1) for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines())["SigIgn"], 16)


def under_shim(folder: Path, *command: str, supervisor: tuple[str, ...] = ("true",)) -> subprocess.Popen[bytes]:
    """A command under a shim in `folder`, its output in job.out."""
    order = {"command": command, "cwd": str(folder), "environment": {"MINE": "yes"}, "supervisor": supervisor}
    (folder / "run.json").write_text(json.dumps(order), encoding="utf-8")
    with (folder / "job.out").open("wb") as out:
        return subprocess.Popen([sys.executable, "-I", "-S", shim.__file__, str(folder)], stdin=subprocess.DEVNULL, stdout=out, stderr=out)


def read(path: Path) -> dict[str, object]:
    """A file of the shim."""
    return dict(json.loads(path.read_text(encoding="utf-8")))


def test_the_job_starts_as_from_a_clean_shell(tmp_path: Path) -> None:
    """Own session, stdin empty, output into a file, no signal ignored or blocked but SIGPIPE's default, its own environment."""
    process = under_shim(tmp_path, sys.executable, "-c", LOOK)
    assert process.wait(timeout=WAIT) == 0
    seen = json.loads((tmp_path / "job.out").read_text(encoding="utf-8"))
    python_ignores = 1 << (signal.SIGPIPE - 1) | 1 << (signal.SIGXFSZ - 1)
    assert seen.pop("ignored") & ~(python_ignores | (OF_LIBC & ignored_here())) == 0
    assert seen == {
        "blocked": 0,
        "session": True,
        "null": True,
        "file": True,
        "mine": "yes",
        "cwd": str(tmp_path),
        "parent": process.pid,
    }


def test_exit_files_are_written_in_order_and_orphans_are_waited_for(tmp_path: Path) -> None:
    """The launcher's status at its end; exit.json only when a rank that outlived it is gone too, with that rank's status."""
    os.mkfifo(tmp_path / "go")
    orphan = "setsid sh -c 'echo $$ > orphan; read x < go; exit 9' & exit 4"
    process = under_shim(tmp_path, "sh", "-c", orphan)
    wait_for((tmp_path / "launcher_exit.json").exists, "the launcher's end")
    assert read(tmp_path / "launcher_exit.json")["code"] == 4
    assert not (tmp_path / "exit.json").exists()
    (tmp_path / "go").write_text("\n", encoding="utf-8")
    assert process.wait(timeout=WAIT) == 4
    adopted = read(tmp_path / "exit.json")["adopted"]
    assert [int((tmp_path / "orphan").read_text(encoding="utf-8")), 9] in list(map(list, adopted))  # type: ignore[call-overload]


def test_sigterm_is_passed_to_the_launcher_and_the_terminals_signals_are_not(tmp_path: Path) -> None:
    """HUP, INT and QUIT mean nothing to the shim; TERM is the job's."""
    process = under_shim(tmp_path, "sh", "-c", "trap 'exit 6' TERM; echo ready; while :; do sleep 0.05; done")
    wait_for(lambda: b"ready" in (tmp_path / "job.out").read_bytes(), "the job")
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGUSR1):
        process.send_signal(number)
    wait_for((tmp_path / "job.json").exists, "job.json")
    launcher = read(tmp_path / "job.json")["launcher"]
    assert isinstance(launcher, dict)
    assert start_ticks(launcher["pid"]) == launcher["ticks"] != 0
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=WAIT) == 6


def test_a_supervisor_that_fails_is_started_four_times_at_most(tmp_path: Path) -> None:
    """Once, and three times again; one that ends 0 is done."""
    count = ("sh", "-c", f"echo x >> {tmp_path}/count; exit 1")
    until_the_fourth = f"while [ $(grep -c x {tmp_path}/count) -lt 4 ]; do sleep 0.05; done; sleep 0.5"
    process = under_shim(tmp_path, "sh", "-c", until_the_fourth, supervisor=count)
    assert process.wait(timeout=WAIT) == 0
    assert (tmp_path / "count").read_text(encoding="utf-8").count("x") == 4
    (tmp_path / "count").unlink()
    assert under_shim(tmp_path, "sleep", "0.5", supervisor=("sh", "-c", f"echo x >> {tmp_path}/count")).wait(timeout=WAIT) == 0
    assert (tmp_path / "count").read_text(encoding="utf-8").count("x") == 1


def test_a_full_disk_does_not_end_the_shim(tmp_path: Path) -> None:
    """Files that cannot be written are lost; the exit status still comes back."""
    for name in ("job.json.new", "launcher_exit.json.new", "exit.json.new"):
        (tmp_path / name).mkdir()
    assert under_shim(tmp_path, "sh", "-c", "exit 3").wait(timeout=WAIT) == 3
    assert not (tmp_path / "exit.json").exists()


@pytest.mark.skipif(bool(NO_DISK), reason="nothing can be mounted here, so no small disk can be filled")
def test_a_disk_that_fills_before_the_end_does_not_lose_the_exit_code(tmp_path: Path) -> None:
    """The room for both files of the end is taken at the start, and they are written into it."""
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)], check=True)
    try:
        os.mkfifo(tmp_path / "go")
        process = under_shim(disk, "sh", "-c", f"read x < {tmp_path}/go; exit 7")
        wait_for((disk / "job.json").exists, "the job")
        with suppress(OSError), (disk / "full").open("wb", buffering=0) as file:
            while file.write(b"x" * 512):
                pass
        (tmp_path / "go").write_text("\n", encoding="utf-8")
        assert process.wait(timeout=WAIT) == 7
        assert read(disk / "launcher_exit.json")["code"] == read(disk / "exit.json")["launcher"] == 7
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_the_shim_imports_the_standard_library_only() -> None:
    """Nothing of ours and nothing installed can break the job's parent."""
    tree = ast.parse(Path(shim.__file__).read_text(encoding="utf-8"))
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    names |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.partition(".")[0] for name in names} <= sys.stdlib_module_names
    assert os.path.isfile(shim.__file__)  # noqa: PTH113  it is started by this path
