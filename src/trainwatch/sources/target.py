"""What a person points at, as log files: a file, a folder of logs, a process, a Slurm job."""

from __future__ import annotations

import glob
import os
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from trainwatch.model.errors import NotFoundError, NotReadableError
from trainwatch.sources.naming import parse
from trainwatch.sources.process import folders_of, logs_of
from trainwatch.sources.readable import is_log, open_log

SLURM = "slurm:"
SECONDS = 20
"""How long Slurm may take to answer."""

FAMILIES = (
    re.compile(r".+\.(out|err|log)(\.\d+)?(\.gz)?|nohup\.out|.*log.*\.txt"),
    re.compile(r".+\.jsonl"),
    re.compile(r".*trainer_state.*\.json"),
)
"""Names of logs in a folder. The first family that is there is taken: the others repeat it."""

BELOW = (
    "attempt_*/[0-9]*/std*.log",
    "*/attempt_*/[0-9]*/std*.log",
    "*/*/attempt_*/[0-9]*/std*.log",
    "[0-9]*/std*.log",
    "std*.log",
    "*rank*[0-9]/*.log",
    "*/*rank*[0-9].log",
    "log*/*.out",
    "log*/*.log",
)
"""Where logs of a run lie below a folder: ranks of torchrun, folders of ranks, folders of logs. The first that is there is taken."""


def logs(word: str) -> tuple[Path, ...]:
    """The log files that `word` names; at least one, each readable.

    Raises NotFoundError when there is none, NotReadableError for what cannot be read or is binary.
    """
    path = Path(word)
    if word.startswith(SLURM):
        return of_slurm(word.removeprefix(SLURM))
    if path.is_dir():
        return in_folder(path)
    if word.isdecimal() and not path.exists():
        return of_process(int(word))
    os.close(open_log(path))
    return (path,)


def present(word: str) -> tuple[Path, ...]:
    """The logs that a folder or a pattern stands for now; none when there is none, or when it cannot be read."""
    try:
        return tuple(log for found in expanded(word) for log in logs(found))
    except (NotFoundError, NotReadableError):
        return ()


def is_pattern(word: str) -> bool:
    """Whether a word stands for the files that fit it."""
    return bool(set(word) & set("*?[")) and not Path(word).exists()


def expanded(word: str) -> Iterator[str]:
    """The files that a pattern in quotes fits; any other word itself. Raises NotFoundError when none fits."""
    if not is_pattern(word):
        yield word
        return
    found = sorted(glob.glob(word, recursive=True))  # noqa: PTH207  patterns may be absolute
    if not found:
        raise NotFoundError(f"{word}: no file fits")
    yield from found


def in_folder(folder: Path) -> tuple[Path, ...]:
    """The logs that lie directly in a folder, by name; with them those of ranks below it where one job printed all of it.

    Without any, those of ranks, else the newest checkpoint's trainer_state.json.
    """
    try:
        files = sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))
    except OSError as error:
        raise NotReadableError(f"{folder}: {error.strerror}") from error
    for family in FAMILIES:
        found = tuple(path for path in files if family.fullmatch(path.name) and is_log(path))
        if found:
            return (*found, *_ranks_of(found, folder))
    below = _below(folder)
    if below:
        return below
    checkpoints = sorted(folder.glob("checkpoint-*/trainer_state.json"), key=lambda path: (path.stat().st_mtime, path.parent.name))
    if checkpoints:
        return (checkpoints[-1],)
    raise NotFoundError(f"{folder}: holds neither a run nor a log (*.out, *.err, *.log, *.jsonl, trainer_state.json, folders of ranks)")


def _below(folder: Path) -> tuple[Path, ...]:
    """The logs of a run that lie below a folder; none when there are none."""
    fitting = (tuple(path for path in sorted(folder.glob(pattern)) if path.is_file() and is_log(path)) for pattern in BELOW)
    return next(filter(None, fitting), ())


def _ranks_of(launcher: Sequence[Path], folder: Path) -> tuple[Path, ...]:
    """What ranks printed to files of their own below a folder in which only their launcher's output lies; none for logs of several jobs."""
    above = [parse(path) for path in launcher]
    if len({name.job for name in above}) > 1 or any(name.rank is not None for name in above):
        return ()
    ranks = [parse(path) for path in _below(folder)]
    is_one = len({name.job for name in ranks}) == 1 and all(name.rank is not None for name in ranks)
    return tuple(name.path for name in ranks) if is_one else ()


def of_process(pid: int) -> tuple[Path, ...]:
    """The logs of a process: files, else what lies in a folder that its command line names. Raises NotFoundError when there is none."""
    files = logs_of(pid)
    for folder in folders_of(pid) if not files else ():
        with suppress(NotFoundError, NotReadableError):
            return in_folder(folder)
    if not files:
        raise NotFoundError(
            f"{pid}: prints to no file (a terminal or a pipe?), and writes no log that could be found; name its log instead"
        )
    return files


def of_slurm(job: str) -> tuple[Path, ...]:
    """What a Slurm job prints to."""
    if not re.fullmatch(r"\d+(_\d+)?(\+\d+)?", job):
        raise NotFoundError(f"slurm:{job}: is no job id, such as slurm:7471")
    if shutil.which("scontrol") is None:
        raise NotFoundError(f"slurm:{job}: there is no Slurm here (scontrol is not installed)")
    import subprocess  # noqa: PLC0415  a log is asked for far more often than a job

    try:
        done = subprocess.run(
            ["scontrol", "show", "job", job, "--oneliner"], capture_output=True, text=True, timeout=SECONDS, check=False, errors="replace"
        )
    except subprocess.TimeoutExpired as error:
        raise NotFoundError(f"slurm:{job}: Slurm did not answer within {SECONDS} s") from error
    if done.returncode:
        raise NotFoundError(f"slurm:{job}: {done.stderr.strip() or 'Slurm does not know this job'}")
    tasks = re.findall(r"\bArrayTaskId=(\d+)", done.stdout)
    if len(tasks) > 1:
        raise NotFoundError(f"slurm:{job}: is an array of several jobs; name one of them, such as slurm:{job}_{tasks[-1]}")
    names = re.findall(r"\bStd(?:Out|Err)=(\S.*?)(?= [A-Z]\w*=|$)", done.stdout.strip())
    found = tuple(dict.fromkeys(Path(name) for name in names if name != os.devnull and Path(name).exists()))
    if not found:
        raise NotFoundError(f"slurm:{job}: has printed nothing yet; its output will be {', '.join(names) or 'nowhere'}")
    return found


def my_jobs() -> list[tuple[str, str, str]]:
    """(id, name, state) of this user's Slurm jobs; none where there is no Slurm, or where it does not answer."""
    if shutil.which("squeue") is None:
        return []
    import subprocess  # noqa: PLC0415

    try:
        done = subprocess.run(
            ["squeue", "--me", "--noheader", "--format=%i|%T|%j"],
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
            errors="replace",
        )
    except subprocess.TimeoutExpired:
        return []
    rows = [line.split("|", 2) for line in done.stdout.splitlines() if line.count("|") >= 2]
    return [(job, name, state) for job, state, name in rows]
