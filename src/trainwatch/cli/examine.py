"""Looks at this machine, one function for each thing that trainwatch uses; each says what it found and, if it must, how to mend it."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

SECONDS = 30
"""How long another program may take to answer."""

WATCHES = 1024
"""Folders to be watched, with room for those of an editor."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found of one thing. `less`: it is done without, `no`: trainwatch cannot do its work. `fix` empty: there is nothing to mend."""

    name: str
    outcome: Literal["ok", "less", "no"]
    text: str
    fix: str = ""

    def to_json(self) -> dict[str, str | None]:
        """As JSON values; without a fix it is None."""
        return {**asdict(self), "fix": self.fix or None}


def examine(folder: Path, environ: Mapping[str, str]) -> list[Finding]:
    """Everything, for logs in `folder`. Writes only what it removes again."""
    looks: tuple[Callable[[], Finding], ...] = (
        versions,
        lambda: keeping(folder, environ),
        lambda: filesystem(folder),
        processes,
        watching,
        hook,
        devices,
        terminal,
        lambda: slurm(environ),
    )
    return [look() for look in looks]


def versions() -> Finding:
    """Ours, Python's and those of what we stand on."""
    from importlib.metadata import PackageNotFoundError, version

    from trainwatch import __version__

    found, missing = [f"trainwatch {__version__}", f"Python {platform.python_version()}"], []
    for name in ("textual", "rich", "psutil", "watchdog", "nvidia-ml-py"):
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            missing.append(name)
    if missing:
        return Finding("versions", "no", f"{', '.join(found)}; missing: {', '.join(missing)}", f"pip install {' '.join(missing)}")
    return Finding("versions", "ok", ", ".join(found))


def keeping(folder: Path, environ: Mapping[str, str]) -> Finding:
    """Where run directories, pointers to them and what was read are kept."""
    from trainwatch.formats.catalog import user_directory
    from trainwatch.store import columns, index
    from trainwatch.store.create import places

    homes = list(places(folder / "x", environ))
    home = next((place for place in homes if _may_write(place)), None)
    if home is None:
        return Finding("files", "no", f"no run directory can be made in {' or '.join(map(str, homes))}", "export TRAINWATCH_HOME=FOLDER")
    text = f"runs {home}; pointers {index.folder(environ)}; cache {columns.cache_home(environ)}; own formats {user_directory()}"
    return Finding("files", "ok", text)


def _may_write(place: Path) -> bool:
    """Whether something can be made there, or in the nearest folder above it that is there."""
    there = next(folder for folder in (place, *place.parents) if folder.exists())
    return there.is_dir() and os.access(there, os.W_OK | os.X_OK)


def filesystem(folder: Path) -> Finding:
    """Whether the logs are on this machine, and how much room there is."""
    from trainwatch.sources.mounts import is_remote

    if not folder.is_dir():
        return Finding("logs", "no", f"{folder}: is no folder")
    room = f"{shutil.disk_usage(folder).free / 1e9:.1f} GB free"
    if is_remote(folder):
        return Finding("logs", "less", f"{folder}: a network filesystem, {room}; who writes a log on another machine is not seen")
    return Finding("logs", "ok", f"{folder}: on this machine, {room}")


def processes() -> Finding:
    """Whether the processes of a job can be seen and signalled for certain."""
    others = [path for path in Path("/proc").glob("[0-9]*") if path.name != str(os.getpid())]
    if not Path("/proc/self/stat").exists() or not others:
        return Finding("processes", "no", "/proc shows no other process: jobs cannot be found or stopped", "mount /proc, without hidepid")
    if not hasattr(os, "pidfd_open"):
        return Finding("processes", "less", "this Python has no pidfd_open: a pid that is used again is told by its start only")
    return Finding("processes", "ok", f"{len(others)} seen in /proc; signals go through pidfds")


def watching() -> Finding:
    """Whether folders can be watched."""
    limit = Path("/proc/sys/fs/inotify/max_user_watches")
    try:
        most = int(limit.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return Finding("inotify", "less", "not there: folders are looked at now and then")
    if most < WATCHES:
        return Finding("inotify", "less", f"{most} watches for each user", f"sysctl fs.inotify.max_user_watches={8 * WATCHES}")
    return Finding("inotify", "ok", f"{most} watches for each user")


def hook() -> Finding:
    """Whether a Python that is started with the hook in front of its path loads it."""
    from trainwatch.hook.install import environment, install

    with tempfile.TemporaryDirectory(prefix="trainwatch-") as place:
        install(Path(place))
        code = "import sys; print(sys.modules['sitecustomize'].__file__); import trainwatch_hook"
        try:
            done = subprocess.run(
                [sys.executable, "-c", code],
                env=environment(Path(place), os.environ),
                capture_output=True,
                text=True,
                timeout=SECONDS,
                check=False,
                stdin=subprocess.DEVNULL,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            return Finding("hook", "less", f"{sys.executable} cannot be started: {error}")
    if done.returncode or not done.stdout.startswith(place):
        why = (done.stderr.strip().splitlines() or ["another sitecustomize goes before it"])[-1]
        return Finding("hook", "less", f"a Python does not load it: {why}; a stop waits for the job's next regular save")
    return Finding("hook", "ok", f"loaded by {sys.executable}; the job's own Python must not be started with -E, -I or -S")


def devices() -> Finding:
    """The devices of this machine."""
    from trainwatch.sources.gpu import Nvml

    nvml = Nvml()
    seen = nvml.sample(0.0)
    nvml.close()
    if seen.reason:
        return Finding("devices", "less", f"{seen.reason}: no device panel, and the rules on devices are blind")
    return Finding("devices", "ok", ", ".join(gpu.name or f"device {gpu.index}" for gpu in seen.gpus))


def terminal() -> Finding:
    """What the screen would look like here."""
    from trainwatch.tui.terminal import look

    found = look()
    why, _, fix = found.why.partition(" Fix: ")
    if why:
        return Finding("terminal", "less", why.rstrip("."), fix)
    return Finding("terminal", "ok", f"a screen in {'ASCII' if found.ascii else 'Unicode'}, {'with' if found.colour else 'without'} colour")


def slurm(environ: Mapping[str, str]) -> Finding:
    """Whether Slurm answers, and which job this is."""
    if shutil.which("scontrol") is None:
        return Finding("slurm", "ok", "not here")
    try:
        done = subprocess.run(["scontrol", "ping"], capture_output=True, text=True, timeout=SECONDS, check=False, stdin=subprocess.DEVNULL)
    except (OSError, subprocess.TimeoutExpired):
        return Finding("slurm", "less", f"scontrol gives no answer within {SECONDS} s: slurm:ID and the end of an allocation are not known")
    lines = (done.stdout or done.stderr).strip().splitlines()
    said = lines[0] if lines else "scontrol says nothing"
    job = environ.get("SLURM_JOB_ID", "")
    return Finding("slurm", "ok" if "UP" in said else "less", f"{said}{f'; this is job {job}' if job else ''}")
