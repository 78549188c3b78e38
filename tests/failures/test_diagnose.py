import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainwatch.failures.diagnose import STRAGGLERS, diagnose
from trainwatch.model.failure import Failure

OOM = "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB.\n"
TRACE = 'Traceback (most recent call last):\n  File "train.py", line 3, in <module>\n'
RECORD = "{'loss': 1.5, 'learning_rate': 0.001, 'epoch': 0.5}\n"
CANCELLED = "slurmstepd: error: *** JOB 7 ON n1 CANCELLED AT 2025-01-02T03:04:05 ***\n"


def died(text: str, *, record: int | None = None, code: int | None = None) -> Failure | None:
    """The diagnosis of a whole log."""
    return diagnose(text.encode(), 0, 1, "job.out", last_record=record, exit_code=code)


def test_a_log_that_simply_stops_has_no_failure():
    """Silence is a state of its own: nothing is invented for it."""
    assert died(RECORD * 50, record=49 * len(RECORD)) is None
    assert died("") is None


def test_a_job_that_ended_well_has_no_failure():
    """With exit code 0 an error in the log killed nothing."""
    assert died(TRACE + OOM, code=0) is None


def test_an_old_failure_is_not_the_state_of_the_run():
    """Training that went on after an error was not ended by it."""
    text = TRACE + OOM + RECORD * 500
    assert died(text, record=len(text) - len(RECORD)) is None


def test_a_failure_after_the_last_record_is_the_end():
    """What follows the newest record is what ended the run."""
    text = RECORD * 500 + TRACE + OOM
    got = died(text, record=499 * len(RECORD))
    assert got is not None
    assert (got.kind, got.line) == ("cuda_oom", 503)


def test_other_ranks_print_on_for_a_moment():
    """The cause may stand just before the newest record when the end of the log shows that the job died."""
    text = RECORD * 9 + TRACE + OOM + RECORD + "E torch/api.py:9] failed (exitcode: 1) local_rank: 1 (pid: 5) of binary: python\n"
    got = died(text, record=text.rindex("{'loss'"))
    assert got is not None
    assert (got.kind, got.line) == ("cuda_oom", 12)
    assert len(text) < STRAGGLERS


def test_the_last_attempt_counts():
    """Of several attempts in one file the last one is told, from a line that starts one or from ordinary output after an end."""
    first = TRACE + "KeyError: 'a'\n" + CANCELLED
    setup = "".join(f"loading shard {i}\n" for i in range(30))
    second = TRACE + "IndexError: list index out of range\n"
    for between in (setup, "***** Running training *****\n"):
        got = died(first + between + second)
        assert got is not None
        assert got.text.startswith("IndexError")


def test_an_attempt_that_began_anew_and_stops_has_no_failure():
    """A failure of an earlier attempt is not that of a later one that just stops."""
    assert died(TRACE + OOM + "***** Running training *****\n" + RECORD * 3) is None


def test_a_program_that_ran_alone_and_was_started_again():
    """What nobody caught ended its process: ordinary output after it is another attempt, unless several processes write."""
    setup = "".join(f"loading shard {i}\n" for i in range(30))
    text = TRACE + OOM + setup + TRACE + "IndexError: list index out of range\n"
    got = died(text)
    assert got is not None
    assert got.text.startswith("IndexError")
    ranks = died("[rank0]: hello\n" + text)
    assert ranks is not None
    assert ranks.kind == "cuda_oom"


def test_an_attempt_that_trains_after_a_mistyped_command_has_no_failure():
    """Records of training well after the end of an attempt are those of another one."""
    text = "train.py: error: unrecognized arguments: --lrr\n" + RECORD * 30
    assert died(text, record=len(text) - len(RECORD)) is None


def test_a_process_that_lost_its_parent_is_no_cause():
    """What stops a program while it starts its workers is the cause, and not what the workers miss then."""
    orphan = TRACE + "    self = reduction.pickle.load(from_parent)\nEOFError: Ran out of input\n"
    got = died(orphan + TRACE + "TypeError: cannot pickle 'module' object\n")
    assert got is not None
    assert got.text.startswith("TypeError")
    assert died(orphan) is None


def test_a_thread_that_broke_did_not_end_the_job():
    """What a writer of events died of in its thread is no failure of the run."""
    assert died(RECORD * 5 + "Exception in thread Thread-3:\n" + TRACE + "OSError: handle is closed\n", record=4 * len(RECORD)) is None


def test_a_traceback_that_was_logged_as_a_warning():
    """Whoever logs an exception as a warning goes on without what it lacks."""
    lines = (TRACE + "ImportError: libx.so.13: cannot open shared object file\n").splitlines(keepends=True)
    assert died("".join("WARNING 01-02 03:04:05 [utils.py:8] " + line for line in lines) + "saved\n") is None


def test_an_exception_of_a_traceback_is_as_strong_as_any():
    """An exception that its text alone would only suggest is the cause where a traceback ends in it."""
    got = died(
        TRACE + "ImportError: x.so: undefined symbol\n\nThe above exception was the direct cause\n\n" + TRACE + "RuntimeError: no worker\n"
    )
    assert got is not None
    assert (got.kind, got.line) == ("import_error", 3)


def test_a_missing_package_is_the_cause_and_its_launcher_is_not():
    """What every rank lacks is told, and not with which code the launcher saw them end."""
    ranks = (TRACE + "ModuleNotFoundError: No module named 'apex'\n") * 2
    got = died(ranks + "E torch/api.py:9] failed (exitcode: 1) local_rank: 1 (pid: 5) of binary: python\n")
    assert got is not None
    assert (got.kind, got.line) == ("import_error", 3)


def test_a_port_that_another_attempt_to_bind_found_free():
    """A job that was cancelled later was not ended by the port it could not bind at first."""
    got = died(
        "[W socket.cpp:464] [c10d] The server socket has failed to bind to [::]:29501 (errno: 98 - Address already in use).\n" + CANCELLED
    )
    assert got is not None
    assert got.kind == "slurm_cancelled"


def test_output_that_goes_on_for_long_means_that_the_job_survived():
    """An exception that was caught, or belongs to an attempt before, is neither the end nor the cause of a later one."""
    chatter = "".join(f"still here {i}\n" for i in range(400))
    assert died(TRACE + "KeyError: 'a'\n" + chatter) is None
    got = died(TRACE + "KeyError: 'a'\n" + chatter + TRACE + OOM)
    assert got is not None
    assert got.kind == "cuda_oom"


def test_the_earliest_line_wins_and_the_rest_are_echoes():
    """Of the errors of one death the first is the cause; the others are listed as echoes."""
    text = TRACE + OOM + CANCELLED + "W api.py:9] Sending process 5 closing signal SIGTERM\n"
    got = died(text)
    assert got is not None
    assert (got.kind, got.line, got.echoes) == ("cuda_oom", 3, (4, 5))


def test_a_later_line_may_explain_an_earlier_one():
    """Slurm's own word on memory explains the kill that it caused, although it comes last."""
    got = died("Killed\n" + CANCELLED + "slurmstepd: error: Detected 1 oom_kill event in StepId=7.batch.\n")
    assert got is not None
    assert (got.kind, got.line, got.provable) == ("slurm_oom", 3, True)


def test_of_chained_exceptions_the_first_is_the_cause():
    """What was raised while handling an exception is an echo of it."""
    text = (
        TRACE + "TimeoutError: timed out\n\nDuring handling of the above exception, another exception occurred:\n\n" + TRACE + "a.B: no\n"
    )
    got = died(text)
    assert got is not None
    assert (got.line, got.echoes) == (3, (9,))


def test_ranks_that_print_at_once_keep_their_tracebacks():
    """Two ranks whose tracebacks are mixed line by line are told apart by their prefixes."""
    lines = [*TRACE.splitlines(), "KeyError: 'a'"]
    mixed = "".join(f"[rank{k}]: {line}\n" for line in lines for k in (1, 0))
    got = died(mixed)
    assert got is not None
    assert (got.kind, got.line, got.rank) == ("python_exception", 5, 1)


def test_the_launcher_names_the_rank():
    """A cause that names no rank takes it from the launcher's block."""
    block = "Root Cause (first observed failure):\n[0]:\n  time      : now\n  host      : h\n  rank      : 6 (local_rank: 2)\n"
    got = died(TRACE + OOM + block)
    assert got is not None
    assert got.rank == 6


def test_an_error_glued_to_a_progress_bar():
    """The last frame of a bar is cut off the text; lines count newlines only."""
    bar = "".join(f"\r {i}%|#   | {i}/100 [00:0{i}<00:10]" for i in range(9))
    got = died("start\n" + bar + CANCELLED)
    assert got is not None
    assert (got.kind, got.line) == ("slurm_cancelled", 2)
    assert got.text.count("%|") == 1


def test_lines_count_from_where_the_tail_begins():
    """The line is that of the file, not of the tail that was read."""
    got = diagnose((RECORD + OOM).encode(), 5000, 120, "job.out", last_record=5000, exit_code=1)
    assert got is not None
    assert got.line == 121


@pytest.mark.parametrize(
    ("code", "kind"),
    [(137, "host_oom_killed"), (-9, "host_oom_killed"), (143, "sigterm_sighup"), (-7, "bus_error"), (130, "keyboard_interrupt")],
)
def test_an_exit_code_alone_proves_nothing(code: int, kind: str):
    """Without a line the exit code suggests a kind, and the file does not prove it."""
    got = died(RECORD, record=0, code=code)
    assert got is not None
    assert (got.kind, got.line, got.provable) == (kind, 0, False)


def test_an_exit_code_that_says_nothing():
    """Exit code 1 without a line is no known kind."""
    assert died(RECORD, record=0, code=1) is None


def test_text_is_free_of_control_characters():
    """No escape sequence of the log reaches a report by way of the cause."""
    got = died("\x1b[31mRuntimeError: CUDA out of memory. Tried to allocate 1 GiB\x1b[0m\x07\n")
    assert got is not None
    assert got.text.isprintable()


def test_a_line_of_megabytes_costs_little():
    """Neither one line of 4 MB nor a million repeated errors hang the search."""
    for text in ("x" * (4 << 20) + OOM, OOM * 60_000, "nan, nan, nan " * 200_000, "'loss': 0.0 " * 200_000, "[1, " * 500_000):
        began = time.perf_counter()
        died(text)
        assert time.perf_counter() - began < 5


@given(
    st.lists(st.sampled_from([TRACE, OOM, RECORD, CANCELLED, "Killed\n", "[rank1]: ", "\r", "nan, nan, nan", "OVERFLOW!", "\n"])),
    st.binary(),
)
def test_nothing_raises(parts: list[str], noise: bytes):
    """Whatever a log holds, there is an answer, and its line lies in the log."""
    data = "".join(parts).encode() + noise
    got = diagnose(data, 0, 1, "job.out", last_record=None, exit_code=None)
    assert got is None or 1 <= got.line <= data.count(b"\n") + 1


PIECES = (
    RECORD,
    RECORD * 40,
    RECORD * 600,
    TRACE,
    OOM,
    CANCELLED,
    "Killed\n",
    "NCCL WARN something\n",
    "x" * 3000 + "\n",
    "x" * 3000 + " " + OOM,
)


@given(st.lists(st.sampled_from(PIECES), max_size=12), st.sampled_from([None, 1]))
def test_what_is_not_looked_for_would_have_told_nothing(pieces: list[str], code: int | None) -> None:
    """Where no text of a kind stands near the newest record or behind it, a look at the whole log comes to the same."""
    text = "".join(pieces)
    record = text.rfind(RECORD) if RECORD in text else None
    found = died(text, record=record, code=code)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("trainwatch.failures.diagnose._may_tell", lambda *_: True)
        assert died(text, record=record, code=code) == found
