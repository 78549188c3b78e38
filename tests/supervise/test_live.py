"""Real processes: the shim, the supervisor and a trainer that speaks the hook's protocol."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.live import TRAINER, WAIT, Live, Run, listening, wait_for

from trainwatch.cli.front import feed_of
from trainwatch.model.snapshot import Command
from trainwatch.store.lock import start_ticks
from trainwatch.store.rundir import RunDir
from trainwatch.supervise.spawn import supervised

STEADY = "--flat --pause 0.02"
OVERFIT = "--pause 0.01"
STOPPING = "--may stop=overfit"


def stopped_once(run: Run, code: int = 80) -> None:
    """The run ended with this code, with one proven checkpoint for the stop and one signal."""
    assert run.wait() == code
    stop = run.read(run.dir.stop)
    assert (stop["exit_code"], stop["proven"]) == (code, True)
    assert Path(stop["checkpoint"]).is_dir()
    requests = [entry["request"] for entry in run.journal("machine") if entry["state"] == "saving"]
    assert len(requests) == len(set(requests))
    assert len(run.saves()) == len(set(run.saves())) == len(list(run.dir.control.glob("ack-*.json"))), "one save for each request"


def test_an_overfitting_job_is_saved_proven_and_stopped(live: Live) -> None:
    """The main job, with a hook: launch in front ends 80, and says where the report is."""
    done = live.run(*f"launch {STOPPING} -- python3 {Path(__file__).parent}/trainer.py {OVERFIT}".split())
    assert done.returncode == 80, done.stdout + done.stderr
    assert "red overfit" in done.stdout
    assert "SIGTERM to 1 processes" in done.stdout
    report = Path(done.stdout.rsplit("report ", 1)[1].strip())
    assert report.is_file()
    assert "allowed: stop=overfit" in done.stderr


@pytest.mark.parametrize(
    ("state", "options", "trainer"),
    [
        ("idle", STOPPING, "--pause 0.06"),
        ("saving", STOPPING, f"{OVERFIT} --save slow"),
        ("veto", f"{STOPPING} --veto 2s", OVERFIT),
        ("terminating", STOPPING, f"{OVERFIT} --term slow"),
    ],
)
def test_killing_the_supervisor_in_any_state_still_stops_once(live: Live, state: str, options: str, trainer: str) -> None:
    """Kill -9 of the supervisor on entering a state: the shim starts another one, which goes on; one stop, proven."""
    run = live.launch(options, trainer)
    wait_for(lambda: run.machine() == state and (state != "saving" or _goal(run) == "stop"), state)
    first = run.supervisor()
    os.kill(first, signal.SIGKILL)
    stopped_once(run)
    assert len(run.journal("supervisor")) == 2


def _goal(run: Run) -> str:
    return str((run.state()["machine"]["wish"] or {}).get("goal"))


def test_killing_everything_of_ours_leaves_training_alone(live: Live) -> None:
    """Kill -9 of supervisor and shim: the job trains on, is found again by a later command, and is stopped with a proof."""
    run = live.launch(trainer=STEADY, options="--may save")
    supervisor = run.supervisor()
    os.kill(run.shim(), signal.SIGKILL)
    os.kill(supervisor, signal.SIGKILL)
    assert run.training()
    done = live.run("stop", run.id, "--confirm", run.id)
    assert done.returncode == 83, done.stdout + done.stderr
    assert run.wait() == 83


def test_a_supervisor_that_was_asked_to_end_stays_away(live: Live) -> None:
    """SIGTERM to the supervisor ends supervision, not the job, and the shim does not start another."""
    run = live.launch(trainer="--flat --until end")
    os.kill(run.supervisor(), signal.SIGTERM)
    wait_for(lambda: not run.dir.lock.exists(), "the end of the supervisor")
    assert run.training()
    run.let("end")
    assert run.wait() == 0
    assert len(run.journal("supervisor")) == 1
    assert run.journal("asked_to_end")


def test_a_failed_save_leaves_the_job_running(live: Live) -> None:
    """The job cannot save: 84 for who waits, no signal, and the job's own code in the end."""
    run = live.launch(STOPPING, f"{OVERFIT} --save fail --until end")
    assert run.wait() == 84
    assert run.training()
    wait_for(lambda: "no space left" in run.read(run.dir.stop).get("text", ""), "the reason")
    assert not run.journal("signal")
    run.let("end")
    wait_for(lambda: run.state()["final"], "the end")
    assert (run.state()["state"], run.state()["exit_code"]) == ("done", 0)


def test_a_torn_checkpoint_is_refused(live: Live) -> None:
    """The job says saved, the disk says torn: no signal, and the ranks that hold are let go on."""
    run = live.launch("", f"{STEADY} --save torn")
    run.supervisor()
    done = live.run("stop", run.id, "--confirm", run.id)
    assert done.returncode == 84, done.stderr
    assert "left running" in done.stdout
    assert run.training()
    assert not run.journal("signal")


def test_a_newer_torn_checkpoint_is_named(live: Live) -> None:
    """The job writes one more as it dies: it is named beside the proven one, is not deleted, and the resume command leads past it."""
    run = live.launch("", f"{STEADY} --term torn")
    run.supervisor()
    done = live.run("stop", run.id, "--confirm", run.id)
    assert done.returncode == 83, done.stdout + done.stderr
    stop = run.read(run.dir.stop)
    (torn,) = stop["torn"]
    step = int(stop["checkpoint"].rpartition("-")[2])
    assert torn.endswith(f"checkpoint-{step + 1}")
    assert Path(torn).is_dir()
    assert stop["resume"].endswith(f"--resume {stop['checkpoint']}")


def test_a_job_that_ignores_sigterm_is_stuck(live: Live) -> None:
    """No --kill-after: SIGKILL is never sent, the code is 86 and the job lives."""
    run = live.launch("--grace 1s", f"{STEADY} --term ignore")
    done = live.run("stop", run.id, "--confirm", run.id)
    assert done.returncode == 86, done.stdout + done.stderr
    assert "trainer.py" in done.stdout
    assert [entry["signal"] for entry in run.journal("signal")] == ["SIGTERM"]
    assert start_ticks(run.launcher())


def test_kill_after_kills(live: Live) -> None:
    """With --kill-after SIGKILL follows the grace, and the code says so."""
    run = live.launch("--grace 1s --kill-after 0.5s", f"{STEADY} --term ignore")
    done = live.run("stop", run.id, "--confirm", run.id)
    assert done.returncode == 82, done.stdout + done.stderr


def test_a_dry_run_says_what_a_stop_would_do(live: Live) -> None:
    """The save, the processes by pid, the grace; nothing is asked, signalled or journalled."""
    run = live.launch("--may save --grace 45s", STEADY)
    wait_for((run.dir.ranks / "rank0.json").exists, "the hook")
    done = live.run("stop", run.id, "--dry-run")
    assert done.returncode == 0, done.stderr
    assert "ranks with the hook: 1; all save" in done.stdout
    assert f"(pid {run.launcher()})" in done.stdout
    assert "SIGTERM, 45 s to end, never SIGKILL" in done.stdout
    assert "nothing is saved" in live.run("stop", run.id, "--dry-run", "--unsaved").stdout
    assert run.training()
    assert run.journal("request") == []


def test_leave_ends_the_script_by_itself(live: Live) -> None:
    """--leave: the script ends after the save without any signal."""
    run = live.launch("--leave", STEADY)
    done = live.run("stop", run.id, "--confirm", run.id)
    assert done.returncode == 83, done.stdout + done.stderr
    assert not run.journal("signal")


def test_save_saves_and_training_goes_on(live: Live) -> None:
    """`save` ends 0 with the checkpoint's path; nothing else changes."""
    run = live.launch("", STEADY)
    done = live.run("save", run.id)
    assert done.returncode == 0, done.stdout + done.stderr
    assert run.saves()[0] in done.stdout
    assert run.training()


def test_cancel_in_the_veto_lets_the_job_go_on(live: Live) -> None:
    """A person says no to a rule while the ranks hold: nothing is signalled and the job trains on."""
    run = live.launch(f"{STOPPING} --veto 30s", "--pause 0.02")
    wait_for(lambda: run.machine() == "veto", "veto")
    done = live.run("cancel", run.id)
    assert done.returncode == 0
    assert "called off" in done.stdout
    assert run.training()
    assert live.run("cancel", run.id).returncode == 84
    assert run.read(run.dir.stop)["exit_code"] == 84
    assert not run.journal("signal")


def test_a_stop_is_called_off_from_a_screen_that_was_opened_later(live: Live) -> None:
    """Launched with nobody there; a view that attaches gives a minute, in which it says no. It depends on no other process."""
    run = live.launch(STOPPING, "--pause 0.01 --go go")
    run.supervisor()
    feed = feed_of(run.dir, attends=True)
    try:
        wait_for(lambda: list(run.dir.views.iterdir()), "the view")
        run.let("go")
        wait_for(lambda: run.machine() == "veto", "veto")
        wait_for(lambda: "stopping in 60 s unless cancelled" in feed.latest().stop.text, "the veto in the view")
        assert "asked to cancel" in feed.request(Command("cancel"))
        wait_for(lambda: run.machine() == "cancelled", "the end of the stop")
    finally:
        feed.close()
    assert list(run.dir.views.iterdir()) == []
    assert run.training()
    assert not run.journal("signal")


def test_without_a_hook_the_next_regular_save_counts(live: Live) -> None:
    """No hook in the job: its own next checkpoint is proven, then the job is stopped."""
    run = live.launch("--hook none", "--flat --pause 0.05 --no-hook --save-every 60")
    run.supervisor()
    done = live.run("stop", run.id, "--confirm", run.id)
    assert done.returncode == 83, done.stdout + done.stderr
    assert "regular save" in done.stderr
    assert "checkpoint-" in run.read(run.dir.stop)["checkpoint"]


def test_unsaved_needs_its_word(live: Live) -> None:
    """`stop --unsaved` sends SIGTERM at once and ends 81; without a confirmation nothing happens."""
    run = live.launch("", STEADY)
    run.supervisor()
    assert live.run("stop", run.id).returncode == 2
    assert live.run("stop", run.id, "--confirm", "other").returncode == 2
    assert run.training()
    assert live.run("stop", run.id, "--confirm", run.id, "--unsaved").returncode == 81
    assert not run.saves()


def launched(live: Live, name: str, script: str) -> Run:
    """A shell script under supervision, without a hook."""
    (live.cwd / name).write_text(f"#!/bin/bash\n{script}\n", encoding="utf-8")
    done = live.run("launch", "--detach", "--", "bash", name)
    assert done.returncode == 0, done.stderr
    run = Run(live, RunDir(live.cwd / ".trainwatch" / done.stdout.strip()))
    run.supervisor()
    run.launcher()
    return run


@pytest.mark.parametrize(
    "script",
    ["for i in {1..300}; do echo $i; sleep 0.3; done; exit 7", "until python3 -c 'import time; time.sleep(60)'; do sleep 0.2; done"],
)
def test_a_script_that_starts_again_what_was_ended_is_ended_too(live: Live, script: str) -> None:
    """The shell that the run was launched with gets SIGTERM at the first restart: no child after child, no end of its own."""
    run = launched(live, "job.sh", script)
    launcher = run.launcher()
    assert live.run("stop", run.id, "--confirm", run.id, "--unsaved").returncode == 81
    assert start_ticks(launcher) == 0
    assert sum(len(entry["pids"]) for entry in run.journal("signal")) <= 6
    assert "by itself" not in run.read(run.dir.stop)["text"]


def test_the_next_commands_of_a_script_are_left_alone(live: Live) -> None:
    """Training is ended, what the script does after it is not, and the stop says with which code the script came to its end."""
    run = launched(
        live, "wrap.sh", "python3 -c 'import time; print(\"training\", flush=True); time.sleep(60)'; sleep 2; echo uploaded; exit 5"
    )
    wait_for(lambda: "training" in run.log().read_text(encoding="utf-8"), "the training")
    assert live.run("stop", run.id, "--confirm", run.id, "--unsaved").returncode == 81
    assert "uploaded" in run.log().read_text(encoding="utf-8")
    assert [len(entry["pids"]) for entry in run.journal("signal")] == [1]
    assert run.read(run.dir.stop)["text"].endswith("its script ended by itself, exit 5")


def test_a_supervisor_that_dies_again_and_again_is_given_up(live: Live) -> None:
    """Three times the shim starts another; then training goes on unsupervised, and its own code is still passed on."""
    run = live.launch("", "--flat --until end --code 5")
    wait_for(run.state, "a state")
    for _ in range(4):
        pid = run.supervisor()
        os.kill(pid, signal.SIGKILL)
        wait_for(lambda pid=pid: not start_ticks(pid), "the end of a supervisor")
    time.sleep(1)
    assert not supervised(run.dir)
    assert run.training()
    assert "nobody supervises it" in live.run("status", run.id).stdout
    run.let("end")
    assert run.wait() == 5


def test_a_job_whose_status_nobody_has_is_lost(live: Live) -> None:
    """The shim is gone and then the job: the end is noticed, and the exit code is not invented."""
    run = live.launch("", STEADY)
    run.supervisor()
    os.kill(run.shim(), signal.SIGKILL)
    os.kill(run.launcher(), signal.SIGKILL)
    done = live.run("wait", run.id)
    assert done.returncode == 125
    assert "nobody knows its exit status" in done.stdout
    assert run.state()["state"] == "lost"


def test_sigterm_with_a_known_grace_saves_first(live: Live) -> None:
    """Preemption: the save is asked for and proven, then the job is stopped; `launch` in front ends 85, to be resumed."""
    front, run = in_front(live, "--may save --signal-grace 30s", STEADY)
    front.send_signal(signal.SIGTERM)
    out, err = front.communicate(timeout=WAIT)
    assert front.returncode == 85, out + err
    stop = run.read(run.dir.stop)
    assert stop["proven"]
    assert stop["checkpoint"] == run.saves()[-1]
    assert 0 < run.read(run.dir.request)["within_s"] < 30
    events = [entry["event"] for entry in run.entries()]
    assert events[events.index("request") :].index("proof") < events[events.index("request") :].index("signal")


@pytest.mark.parametrize(
    ("options", "trainer"),
    [
        ("--may save", STEADY),
        ("--signal-grace 30s", STEADY),
        ("--may save --signal-grace 8s", f"{STEADY} --save silent"),
        ("--may save --signal-grace 8s", f"{STEADY} --save fail"),
    ],
    ids=["unknown grace", "no trust", "no answer", "failed save"],
)
def test_sigterm_is_passed_on_where_no_save_can_come_first(live: Live, options: str, trainer: str) -> None:
    """The job gets SIGTERM in any case, and launch ends with the job's own code."""
    front, run = in_front(live, options, trainer)
    front.send_signal(signal.SIGTERM)
    out, err = front.communicate(timeout=WAIT)
    assert front.returncode == 143, out + err
    assert not run.journal("signal")


def test_the_job_is_saved_before_its_time_is_over(live: Live) -> None:
    """--end-time: as long before the end as was asked for, save, proof, SIGTERM; 85, to be resumed."""
    run = live.launch("--may save --end-time +60s --save-before-end 58s", STEADY)
    assert run.wait() == 85
    stop = run.read(run.dir.stop)
    assert (stop["proven"], stop["rule"]) == (True, "end of the allocation")
    assert stop["checkpoint"] == run.saves()[-1]


def in_front(live: Live, options: str, trainer: str) -> tuple[subprocess.Popen[str], Run]:
    """`launch` in front with its run, once supervisor and hook are there."""
    front = live.start("launch", *options.split(), "--", sys.executable, str(TRAINER), *trainer.split())
    listening(front)
    run = Run(live, live.runs()[0])
    wait_for(lambda: run.state().get("brief", {}).get("step") and (run.dir.ranks / "rank0.json").exists(), "training")
    return front, run


def rules(live: Live, text: str) -> str:
    """The default rules with other settings, as a file."""
    (live.cwd / "rules.toml").write_text(f'extends = "default"\n{text}', encoding="utf-8")
    return str(live.cwd / "rules.toml")


def test_a_hung_job_is_looked_at_and_stopped_with_what_it_has(live: Live) -> None:
    """It cannot save: the newest complete checkpoint is proven, the dossier is written before any signal, and 85 says to resume."""
    mine = rules(live, '[[rule]]\nname = "hang"\nsettings = { least = 5.0, most = 5.0 }\n')
    run = live.launch(f"--may stop=hang --rules {mine}", "--flat --pause 0.02 --save-every 40 --hang-at 100")
    assert run.wait() == 85
    stop = run.read(run.dir.stop)
    assert (stop["proven"], stop["proof"], Path(stop["checkpoint"]).name) == (True, "existing", "checkpoint-80")
    events = [entry["event"] for entry in run.entries()]
    assert events.index("proof") < events.index("dossier") < events.index("signal")
    dossier = run.read(run.dir.hang)
    assert [50 <= rank["step"] <= 100 for rank in dossier["ranks"]] == [True]
    assert any("'step': 99" in line for line in dossier["tail"])


def test_weights_that_may_be_broken_are_not_the_ones_that_are_kept(live: Live) -> None:
    """NaN from step 130 on, saves every 25: nothing is saved any more, and the checkpoint from before the trouble is the proven one."""
    run = live.launch("--may stop=non_finite", "--flat --pause 0.05 --save-every 25 --nan-from 130")
    assert run.wait() == 80
    stop = run.read(run.dir.stop)
    assert (stop["proven"], stop["proof"], Path(stop["checkpoint"]).name) == (True, "existing", "checkpoint-125")
    assert all(int(path.rpartition("-")[2]) < 130 for path in run.saves())
