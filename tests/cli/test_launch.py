import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.live import TRAINER, WAIT, Live, Run, listening, wait_for

from trainwatch.cli.launch import is_inner, is_one_of_many, name_of
from trainwatch.store.lock import start_ticks
from trainwatch.store.rundir import RunDir

ENDLESS = [sys.executable, str(TRAINER), "--flat"]


def only(live: Live) -> Run:
    """The one run that was started here."""
    wait_for(lambda: len(live.runs()) == 1, "a run")
    run = Run(live, live.runs()[0])
    wait_for(lambda: run.dir.job.exists() and run.state(), "a supervised job")
    return run


@pytest.mark.parametrize(
    ("command", "code"),
    [("true", 0), ("exit 7", 7), ("kill -9 $$", 137), ("kill -15 $$", 143)],
)
def test_the_exit_code_is_the_jobs(live: Live, command: str, code: int) -> None:
    """Without a stop of ours the job's own code is passed on, 128+N for a signal."""
    done = live.run("launch", "--", "sh", "-c", command)
    assert done.returncode == code, done.stdout + done.stderr
    assert f"exit code {code}" in done.stdout


def test_a_command_that_is_not_there_starts_nothing(live: Live) -> None:
    """127 for a command that does not exist, 126 for a file that is not executable, and no run is left behind."""
    (live.cwd / "plain.txt").write_text("x", encoding="utf-8")
    missing, plain = live.run("launch", "--", "no-such-command"), live.run("launch", "--", "./plain.txt")
    assert (missing.returncode, plain.returncode) == (127, 126)
    assert "command not found" in missing.stderr
    assert live.runs() == []


def test_a_command_that_cannot_be_started_ends_126(live: Live) -> None:
    """An executable file that is no program is found out by the shim; launch says so and ends."""
    (live.cwd / "broken").write_bytes(b"\x7fELF nonsense")
    (live.cwd / "broken").chmod(0o755)
    assert live.run("launch", "--", "./broken").returncode == 126


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["launch"], "no command"),
        (["launch", "--may", "fly", "--", "true"], "--may fly"),
        (["launch", "--may", "stop=overfitt", "--", "true"], "overfitt; the rules of default are: "),
        (["launch", "--grace", "soon", "--", "true"], "no length of time"),
        (["launch", "--rules", "nowhere.toml", "--", "true"], "nowhere.toml"),
        (["launch", "--formats", "nowhere", "--", "true"], "there is no format 'nowhere'"),
        (["launch", "--formats", "nowhere.toml", "--", "true"], "nowhere.toml: no such format file"),
    ],
)
def test_wrong_words_are_named(live: Live, words: list[str], text: str) -> None:
    """A word that makes no sense ends the command before anything is started, and is named."""
    done = live.run(*words)
    assert done.returncode in (2, 3)
    assert text in done.stderr
    assert live.runs() == []


def test_the_output_goes_to_a_file_that_is_new(live: Live) -> None:
    """./NAME_ID.out by default; --log FILE is refused when it exists, unless --append continues it."""
    log = live.cwd / "x.out"
    log.write_text("before\n", encoding="utf-8")
    assert live.run("launch", "--log", "x.out", "--", "echo", "hello").returncode == 2
    assert live.runs() == []
    assert live.run("launch", "--log", "x.out", "--append", "--", "echo", "hello").returncode == 0
    assert log.read_text(encoding="utf-8") == "before\nhello\n"
    assert live.run("launch", "-n", "mine", "--", "echo", "hello").returncode == 0
    assert [path.read_text(encoding="utf-8") for path in live.cwd.glob("mine_*.out")] == ["hello\n"]


def test_our_own_output_file_becomes_the_log(live: Live) -> None:
    """In a batch script the job writes where we write; our lines are marked and the log is followed from where the job began."""
    path = live.cwd / "slurm-1.out"
    with path.open("a", encoding="utf-8") as out:
        out.write("module load\n")
        out.flush()
        subprocess.run(
            live.command("launch", "--", "sh", "-c", "echo job; echo err >&2"),
            check=True,
            cwd=live.cwd,
            env=live.environ,
            stdout=out,
            stderr=out,
        )
    lines = path.read_text(encoding="utf-8").splitlines()
    assert lines[0] == "module load"
    assert {"job", "err"} < set(lines)
    assert all(line.startswith("[trainwatch] ") for line in lines[1:] if line not in ("job", "err"))
    run = only(live)
    assert run.read(run.dir.run)["sources"] == [str(path)]
    assert run.read(run.dir.run)["starts"][str(path)] >= len("module load\n")


def test_what_we_say_in_the_log_is_no_record(live: Live) -> None:
    """Our own lines name losses and steps; the reader passes over them."""
    path = live.cwd / "slurm-2.out"
    with path.open("a", encoding="utf-8") as out:
        words = [
            "launch",
            "--may",
            "stop=overfit",
            "--",
            sys.executable,
            str(TRAINER),
            "--pause",
            "0.01",
            "--save",
            "fail",
            "--steps",
            "120",
        ]
        done = subprocess.run(live.command(*words), check=False, cwd=live.cwd, env=live.environ, stdout=out, stderr=out)
    assert done.returncode == 0
    text = path.read_text(encoding="utf-8")
    assert "[trainwatch]" in text
    assert "red overfit at step" in text
    done = live.run("export", str(path), "-f", "jsonl")
    kinds = [json.loads(line)["kind"] for line in done.stdout.splitlines()]
    assert (kinds.count("train"), kinds.count("eval")) == (120, 12)


def test_two_files_are_two_sources(live: Live) -> None:
    """A batch script with --error: stdout and stderr are followed both."""
    out, err = live.cwd / "job.out", live.cwd / "job.err"
    with out.open("w", encoding="utf-8") as first, err.open("w", encoding="utf-8") as second:
        words = live.command("launch", "--", "sh", "-c", "echo a; echo b >&2")
        subprocess.run(words, check=True, cwd=live.cwd, env=live.environ, stdout=first, stderr=second)
    run = only(live)
    assert run.read(run.dir.run)["sources"] == [str(out), str(err)]
    assert "b" in err.read_text(encoding="utf-8").splitlines()
    assert run.dir.arrivals.read_text(encoding="utf-8").count('["n"') == 2


def test_sigterm_goes_to_the_job_unchanged(live: Live) -> None:
    """A batch system that ends us ends the job, at once, with the job's own code."""
    front = live.start("launch", "--", *ENDLESS)
    listening(front)
    front.send_signal(signal.SIGTERM)
    front.communicate(timeout=WAIT)
    assert front.returncode == 143


def test_the_first_interrupt_explains_and_the_second_detaches(live: Live) -> None:
    """Ctrl-c never reaches the job."""
    front = live.start("launch", "--", *ENDLESS)
    run = only(live)
    listening(front)
    assert front.stderr is not None
    front.send_signal(signal.SIGINT)
    assert any("once more detaches" in line for line in front.stderr)
    assert front.poll() is None
    front.send_signal(signal.SIGINT)
    out, _ = front.communicate(timeout=WAIT)
    assert front.returncode == 0
    assert "training goes on" in out
    assert run.training()


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGKILL])
def test_a_front_that_goes_away_hurts_nobody(live: Live, number: signal.Signals) -> None:
    """A terminal that closes, or kill -9 of the view: job and supervisor go on."""
    front = live.start("launch", "--", *ENDLESS)
    run = only(live)
    supervisor = run.supervisor()
    listening(front)
    front.send_signal(number)
    front.communicate(timeout=WAIT)
    assert run.training()
    assert start_ticks(supervisor)


def test_under_nohup_a_hangup_means_nothing(live: Live) -> None:
    """Who wrote nohup wants to stay in front."""
    front = subprocess.Popen(
        ["nohup", *live.command("launch", "--", *ENDLESS, "--until", "end")],
        cwd=live.cwd,
        env=live.environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    run = only(live)
    listening(front)
    front.send_signal(signal.SIGHUP)
    assert run.training()
    run.let("end")
    out, _ = front.communicate(timeout=WAIT)
    assert front.returncode == 0
    assert "exit code 0" in out


def test_a_reader_that_goes_away_hurts_nobody(live: Live) -> None:
    """`launch | head -1`: the job is not stopped by our broken pipe."""
    front = live.start("launch", "--", *ENDLESS)
    run = only(live)
    assert front.stdout is not None
    assert front.stderr is not None
    front.stdout.close()
    front.wait(timeout=WAIT)
    front.stderr.close()
    assert run.training()


def test_detach_prints_the_id_and_leaves(live: Live) -> None:
    """--detach returns at once; its only output is the run's id, which every other verb takes."""
    run = live.launch("", "--steps 20")
    assert run.dir == RunDir(live.cwd / ".trainwatch" / run.id)
    assert run.wait() == 0


def test_the_run_directory_is_ours_alone(live: Live) -> None:
    """0700 and 0600, whatever the umask."""
    old = os.umask(0)
    try:
        run = live.launch("--may save", "--steps 20")
    finally:
        os.umask(old)
    run.wait()
    for path in [run.dir.path, *run.dir.path.glob("*")]:
        assert path.stat().st_mode & 0o077 == 0, path


def test_launch_inside_launch_is_the_command(live: Live) -> None:
    """One launch watches; an inner one, and other tasks of one step, just become the command."""
    words = ["launch", "--", *live.command("launch", "--", "sh", "-c", "echo inner $TRAINWATCH_RUN_DIR; exit 3")]
    done = live.run(*words)
    assert done.returncode == 3
    run = only(live)
    assert f"inner {run.dir.path}" in run.log().read_text(encoding="utf-8")
    assert is_inner({"SLURM_PROCID": "1"})
    assert not is_inner({"SLURM_PROCID": "0"})


def test_no_hook_where_only_one_task_of_a_step_is_launched(live: Live) -> None:
    """`srun trainwatch launch`: other tasks start ranks without the hook, which its agreement would wait for; it is left out and said."""
    alone = Live(live.cwd, {"SLURM_STEP_NUM_TASKS": "2", "SLURM_PROCID": "0"})
    done = alone.run("launch", "--detach", "--may", "save", "--", sys.executable, "-c", "pass")
    assert done.returncode == 0, done.stderr
    assert "trainwatch launch -- srun" in done.stderr
    assert "PYTHONPATH" not in only(live).read(only(live).dir.run)["environment"]
    assert is_one_of_many({"SLURM_STEP_NUM_TASKS": "2"})
    assert not is_one_of_many({"SLURM_STEP_NUM_TASKS": "1"})
    assert not is_one_of_many({"SLURM_NTASKS": "8"}), "a batch script, from which srun starts them all"


def test_read_only_refuses_requests(live: Live) -> None:
    """--read-only: nothing is asked of the job, by nobody."""
    run = live.launch("--read-only", "--flat")
    done = live.run("save", run.id)
    assert done.returncode == 2
    assert "--read-only" in done.stdout
    assert run.training()


@pytest.mark.parametrize(
    ("command", "name"),
    [
        (["torchrun", "--nproc_per_node=2", "my/train.py", "--lr", "1"], "train"),
        (["bash", "run.sh"], "run"),
        (["/usr/bin/sleep", "1"], "sleep"),
    ],
)
def test_a_run_is_named_after_its_script(command: list[str], name: str) -> None:
    """People recognise their script."""
    assert name_of(command) == name


def test_no_hook_means_unbuffered_output(live: Live) -> None:
    """Without the hook lines must not wait in a buffer; with it the hook sees to that, and a launcher with -u does anyway."""
    show = "import os; print('unbuffered', os.environ.get('PYTHONUNBUFFERED'), os.environ.get('PYTHONPATH', '').split(':')[0])"
    for options in ([], ["--may", "save"]):
        live.run("launch", "-n", f"n{len(options)}", *options, "--", sys.executable, "-c", show)
    first, second = (next(live.cwd.glob(f"n{n}_*.out")).read_text(encoding="utf-8").split() for n in (0, 2))
    assert first[1] == "1"
    assert second[1] == "None"
    assert Path(second[2]).name == "hook"
