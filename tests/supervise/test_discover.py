import os
import subprocess
import sys
from pathlib import Path

from tests.live import wait_for

from trainwatch.supervise import discover, processes

WRITE = "import sys, time\nwhile True: print('x', flush=True); time.sleep(0.05)"


def test_the_writer_of_a_log_is_found_and_its_reader_is_not(tmp_path: Path) -> None:
    """`tail -f` has the log open too; only who writes is the job. A renamed log is still written by it."""
    log = tmp_path / "train.out"
    with log.open("w", encoding="utf-8") as out:
        job = subprocess.Popen([sys.executable, "-c", WRITE], stdout=out)
    tail = subprocess.Popen(["tail", "-f", str(log)], stdout=subprocess.DEVNULL)
    try:
        wait_for(lambda: [p.pid for p in discover.writers([log])] == [job.pid], "the writer")
        moved = log.rename(tmp_path / "old.out")
        assert discover.written([moved])
        assert not discover.written([tmp_path / "none"])
    finally:
        for process in (job, tail):
            process.kill()
            process.wait()
    assert not discover.written([tmp_path / "old.out"])


def test_a_job_behind_tee_is_found(tmp_path: Path) -> None:
    """`job | tee log`: tee holds the log, and the job is who writes into tee's pipe."""
    log = tmp_path / "train.out"
    reading, writing = os.pipe()
    job = subprocess.Popen([sys.executable, "-c", WRITE], stdout=writing)
    tee = subprocess.Popen(["tee", str(log)], stdin=reading, stdout=subprocess.DEVNULL)
    os.close(reading)
    os.close(writing)
    try:
        wait_for(lambda: {p.pid for p in discover.writers([log])} == {job.pid, tee.pid}, "both")
    finally:
        for process in (job, tee):
            process.kill()
            process.wait()


def test_dev_null_is_no_pipe(tmp_path: Path) -> None:
    """A batch script reads /dev/null, and half of the machine writes to it: nobody but the script is the job."""
    log = tmp_path / "train.out"
    other = subprocess.Popen([sys.executable, "-c", WRITE], stdout=subprocess.DEVNULL)
    with log.open("w", encoding="utf-8") as out:
        script = subprocess.Popen(["bash", "-c", "while :; do echo x; sleep 0.05; done"], stdin=subprocess.DEVNULL, stdout=out)
    try:
        wait_for(lambda: log.stat().st_size, "output")
        found = {p.pid for p in discover.writers([log])}
        assert script.pid in found
        assert other.pid not in found
    finally:
        for process in (other, script):
            process.kill()
            process.wait()


def test_a_checkpoint_that_a_process_still_writes_is_seen(tmp_path: Path) -> None:
    """By who has a file of it open for writing; a reader, and a file beside it, do not count."""
    folder = tmp_path / "checkpoint-10"
    folder.mkdir()
    me = [proc for proc in [processes.read(os.getpid())] if proc is not None]
    for name, mode, expected in ((folder / "w.bin", "wb", True), (tmp_path / "x.bin", "wb", False), (folder / "w.bin", "rb", False)):
        with name.open(mode):
            assert discover.written_inside(me, folder) == expected
    assert not discover.written_inside(me, folder)


def test_a_process_that_opens_its_log_for_each_line_may_go_on(tmp_path: Path) -> None:
    """While it lives its log has not ended, although nobody has it open; another process does not stand for it."""
    log = tmp_path / "trainer_log.jsonl"
    log.touch()
    job = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    goes_on, alone = discover.outlived_by((job.pid,)), discover.outlived_by(())
    assert goes_on([log])
    assert not alone([log])
    job.communicate(b"\n")
    assert not goes_on([log])
    with log.open("a"):
        assert alone([log])
