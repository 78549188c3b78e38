from __future__ import annotations

from dataclasses import replace

import pytest
from tests.tui.fakefeed import RUN, SOURCE, sample, snapshot, stopping

from trainwatch.model.criterion import CriterionStatus
from trainwatch.model.failure import Failure
from trainwatch.model.inputs import Gpu, Sample
from trainwatch.model.series import Series
from trainwatch.model.snapshot import Alert, PhaseSpan, Progress, Snapshot, Stop
from trainwatch.model.verdict import Severity
from trainwatch.present.alert import alert_panel
from trainwatch.present.chart import ColumnCache
from trainwatch.present.compact import compact
from trainwatch.present.gpus import gpu_panel
from trainwatch.present.header import header
from trainwatch.present.keyline import key_line
from trainwatch.present.logtail import log_panel
from trainwatch.present.look import ASCII, UNICODE
from trainwatch.present.metrics import metrics_panel
from trainwatch.present.overview import Painter
from trainwatch.present.rulelist import rule_panel
from trainwatch.present.small import small_chart, small_metrics
from trainwatch.present.strip import phase_cells, phase_strip
from trainwatch.present.xaxis import XAxis

EMPTY = Snapshot(RUN)


def test_header_gives_way_in_order():
    """At 120 columns everything is said; at 80 throughput and epoch are gone, at 40 only who, how and where are left."""
    line = {w: header(snapshot(2600), w, UNICODE).lines()[0].rstrip() for w in (40, 80, 120)}
    assert line[120].startswith("train_v4  #7471  ● running  step 2,600/4,400 59 %  ETA 12 min  412 ms/step  8×H100  41.2k tokens/s")  # noqa: RUF001
    assert line[80] == "train_v4  ● running  step 2,600/4,400 59 %  ETA 12 min  412 ms/step  8×H100"  # noqa: RUF001
    assert line[40] == "train_v4  ● running"


def test_header_of_what_is_not_known():
    """Nothing is invented: no step, no total, no time."""
    assert header(EMPTY, 80, ASCII).lines()[0].startswith("train_v4  #7471  * starting  no step yet  ETA ?")
    unplanned = replace(EMPTY, state="running", progress=Progress(step=12))
    assert "step 12 of ?" in header(unplanned, 80, ASCII).lines()[0]
    in_epochs = header(replace(EMPTY, progress=Progress(epoch=3.5)), 60, ASCII).lines()[0]
    assert "epoch 3.5" in in_epochs
    assert "step" not in in_epochs


def test_header_sets_the_time_that_is_left_beside_the_eta():
    """In words where it is not enough, and not by colour alone."""
    enough = header(replace(snapshot(2600), time_left=7200.0), 160, UNICODE).lines()[0]
    assert "ETA 12 min  2 h 00 min left  412 ms/step" in enough
    assert "5 min left, less than the ETA" in header(replace(snapshot(2600), time_left=300.0), 160, UNICODE).lines()[0]
    assert "left" not in header(replace(snapshot(2600), state="done", time_left=300.0), 160, UNICODE).lines()[0]


def test_header_says_how_old_the_data_are():
    """Silence is shown, and so is that a preview is one."""
    assert "no news for 4 min" in header(replace(snapshot(800), data_age=240.0), 120, ASCII).lines()[0]
    assert "preview" in header(replace(snapshot(800), preview=True), 120, ASCII).lines()[0]
    assert "preview: 43% of the history read" in header(replace(snapshot(800), preview=True, history_read=0.43), 160, ASCII).lines()[0]
    assert "* failed 137" in header(replace(snapshot(800), state="failed", exit_code=137), 120, ASCII).lines()[0]
    assert "* stopped  step" in header(replace(snapshot(800), state="stopped", exit_code=143), 120, ASCII).lines()[0]


def test_phase_strip_stands_above_the_chart():
    """A cell of the strip is the phase of the chart's column below it; after the newest step there is none."""
    cells = phase_cells(snapshot(2600).phases, XAxis("step", 4400.0, 2600.0), 73)
    assert [cells[int(step / 4400 * 73)] for step in (100, 700, 1800, 2500)] == ["warm-up", "healthy", "divergence", "severe"]
    assert set(cells[44:]) == {None}


def test_phases_differ_without_colour():
    """Each phase has a character of its own in both looks."""
    for look in (ASCII, UNICODE):
        assert len(set(look.phase_fill.values())) == len(look.phase_fill) == len(set(look.phase.values()))
        assert len(set(look.severity.values())) == 4


def test_a_short_phase_is_still_one_cell():
    """A phase that just began is visible."""
    spans = (PhaseSpan("healthy", 0, None, 1000, None, ""), PhaseSpan("dead", 1000, None, None, None, ""))
    assert phase_cells(spans, XAxis("step", 10_000.0, 1001.0), 50)[5] == "dead"


def test_strip_before_the_first_evaluation():
    """Without phases it says why."""
    assert "no record yet" in phase_strip(EMPTY, 80, 80, ASCII).lines()[0]


def test_worst_alert_has_glyph_word_and_sentence():
    """The alert names severity twice over, rule, since when, and the reason as far as there is room."""
    first, second = alert_panel(snapshot(2600), 80, 2, ASCII).lines()
    assert first.startswith("!!! red  overfit since step 1800 (red at 2400): eval_loss 1.0768 at step 2600 is")
    assert second.startswith("         12.2 % above the best 0.9593")


def test_alerts_that_do_not_fit_are_counted():
    """Of three alerts the worst is shown and the others are counted."""
    others = tuple(Alert(f"rule{i}", Severity.YELLOW, "why", "", None, None, 1) for i in range(2))
    lines = alert_panel(replace(snapshot(2600), alerts=(*snapshot(2600).alerts, *others)), 80, 2, UNICODE).lines()
    assert lines[0].startswith("■ red")
    assert lines[0].rstrip().endswith("+2 more")


def test_no_alert_is_not_all_well():
    """While no rule holds, blind rules are counted."""
    assert "no rule fired; 1 blind (best_unsaved needs checkpoints)" in alert_panel(snapshot(800), 80, 2, ASCII).lines()[0]


def test_a_stop_comes_before_the_alert():
    """While a run is stopped, the machine's state stands above what caused it."""
    lines = alert_panel(stopping(), 80, 2, UNICODE).lines()
    assert lines[0].startswith("● stop: saving  all ranks save at step 2,612; rule overfit")
    assert lines[1].startswith("■ red")


def test_a_save_is_not_shown_as_a_stop():
    """What a person asked for is named: a save stands as one, whichever state its machine is in."""
    for machine, text in (("saving", "save (alice): the job was asked to save"), ("saved", "saved and proven: out/checkpoint-60")):
        saving = replace(snapshot(800), stop=Stop(machine, text, "alice", goal="save"))
        assert alert_panel(saving, 80, 2, UNICODE).lines()[0].startswith(f"● save: {machine}  ")
    stopping = replace(snapshot(800), stop=Stop("saving", "stop (overfit): the job was asked to save", "overfit"))
    assert alert_panel(stopping, 80, 2, UNICODE).lines()[0].startswith("● stop: saving")


def test_what_is_wrong_with_the_watch_is_seen():
    """Beside the worst alert, and beside that nothing fired, a row says that nobody supervises the run."""
    alone = "nobody supervises this run now: it is watched, and nothing acts on it"
    for step in (800, 2600):
        lines = alert_panel(replace(snapshot(step), caveats=(alone,)), 80, 2, UNICODE).lines()
        assert any("note  nobody supervises this run now" in line for line in lines)
        assert any(("no rule fired" if step == 800 else "red  overfit") in line for line in lines)


def test_outcome():
    """The end of a run names its cause and line, the best evaluation and what is on disk."""
    failure = Failure("cuda_oom", SOURCE, 812, "CUDA out of memory")
    lines = " ".join(alert_panel(replace(snapshot(800), state="failed", exit_code=1, failure=failure), 120, 2, ASCII).lines())
    assert f"cuda_oom: CUDA out of memory ({SOURCE}:812)" in lines
    assert "best" in lines


def test_a_log_that_stops_short_is_not_done():
    """A log that ends before its last step, without an exit code, is silent and says where it stops; with the code it is done."""
    short = replace(snapshot(800), state="done")
    assert "* silent  step 800/4,400" in header(short, 80, ASCII).lines()[0]
    assert "the log stops at step 800 of 4,400 and gives no reason" in alert_panel(short, 80, 2, ASCII).lines()[0]
    assert "* done 0" in header(replace(short, exit_code=0), 80, ASCII).lines()[0]
    whole = replace(short, progress=Progress(4400, 4400))
    assert "* done  step" in header(whole, 80, ASCII).lines()[0]


def test_gpus_in_columns():
    """Eight devices take two columns of four rows; the idle one shows it."""
    lines = gpu_panel(snapshot(800), 38, 5, ASCII).lines()
    assert "3  12% #" in lines[4]
    assert "7  98% ####" in lines[4]


def test_too_many_gpus_are_counted():
    """The idlest are shown, the others counted."""
    lines = gpu_panel(replace(snapshot(800), sample=sample(64)), 38, 5, ASCII).lines()
    assert "+56 busier" in lines[0]
    assert all("12%" in line for line in lines[1:])


def test_no_gpu_says_why():
    """The reason given with the sample is shown; without a sample, that nobody looks or has looked yet; unknown figures are question marks."""
    assert "no NVIDIA driver" in " ".join(gpu_panel(snapshot(800, gpus=0), 38, 5, ASCII).lines())
    assert "not sampled yet" in " ".join(gpu_panel(EMPTY, 38, 5, ASCII).lines())
    alone = replace(EMPTY, state="running", run=replace(RUN, supervised=False, directory="/runs/r"))
    assert "nobody watches" in " ".join(gpu_panel(alone, 38, 5, ASCII).lines())
    assert "not sampled yet" in " ".join(gpu_panel(replace(alone, state="starting"), 38, 5, ASCII).lines())
    silent = Sample(0.0, (Gpu(0, "u", "", None, None, None),))
    assert "0    ?" in gpu_panel(replace(EMPTY, sample=silent), 38, 5, ASCII).lines()[1]


def test_metrics():
    """What one looks at most comes first; what does not fit is counted; what stands in a chart of its own is left out."""
    lines = metrics_panel(snapshot(2600), 38, 5, ASCII).lines()
    assert [line.split()[0] for line in lines[1:]] == ["loss", "eval_loss", "learning_rate", "grad_norm"]
    assert "+2 more" in lines[0]
    assert "learning_rate" not in " ".join(metrics_panel(snapshot(2600), 38, 8, ASCII, without=("learning_rate",)).lines())
    assert "no metric found yet" in metrics_panel(EMPTY, 38, 5, ASCII).lines()[1]


def test_metrics_in_columns():
    """Where there is room for two, the list goes on beside itself, whole."""
    lines = metrics_panel(snapshot(2600), 80, 4, ASCII).lines()
    assert [line.split()[0] for line in lines[1:]] == ["loss", "eval_loss", "learning_rate"]
    assert [line[41:].split()[0] for line in lines[1:]] == ["grad_norm", "tokens_per_second", "eval_runtime"]
    assert "more" not in lines[0]


def test_rules_show_the_blind():
    """Fired rules stand first, blind ones next with what they lack."""
    lines = rule_panel(snapshot(2600), 38, 8, ASCII).lines()
    assert lines[0].startswith("- rules  6, 1 blind")
    assert lines[1].split() == ["!!!", "red", "overfit"]
    assert lines[2].split() == ["blind", "best_unsaved:", "checkpoints"]


def test_criteria_stand_behind_what_fired():
    """Each with its state as a word, and how many are met in the title."""
    wanted = (
        CriterionStatus("low loss", "", "off course", ""),
        CriterionStatus("no NaN", "", "met", ""),
        CriterionStatus("x", "", "cannot be judged", ""),
    )
    lines = rule_panel(replace(snapshot(2600), criteria=wanted), 48, 8, ASCII).lines()
    assert lines[0].startswith("- rules  6, 1 blind, 1 of 3 criteria met")
    assert [line.strip() for line in lines[2:5]] == ["off course low loss", "met        no NaN", "not judged x"]


def test_log_tail_is_harmless():
    """Escape sequences and markup in the log are text."""
    tail = ("\x1b[31mred\x1b[0m [bold]x[/bold]", "10%\r20%", "")
    assert [line.rstrip() for line in log_panel(replace(EMPTY, tail=tail), 40, 2, ASCII).lines()] == ["red [bold]x[/bold]", "20%"]


def test_key_line_cuts_no_key():
    """Keys that do not fit are left out whole; a message takes their place."""
    keys = (("q", "detach"), ("?", "help"))
    assert key_line(keys, 14, ASCII).lines() == ["q detach      "]
    assert key_line(keys, 14, ASCII, "said \x1b[1mso\x1b[0m").lines() == ["said so       "]


def test_small_chart():
    """A metric has title, newest value and a curve; one that is not printed says so."""
    lines = small_chart(snapshot(2600), "grad_norm", 38, 8, look=ASCII, cache=ColumnCache()).lines()
    assert lines[0].startswith("- grad_norm  0.4521")
    assert any("+" in line[8:] for line in lines[1:])
    missing = small_chart(snapshot(2600), "kl", 38, 8, look=ASCII, cache=ColumnCache()).lines()
    assert "not printed by this run" in missing[1]


def test_small_charts_show_what_is_printed():
    """Learning rate and gradient norm where they are; else what else there is, each once; names of nothing when there is nothing."""
    shown = snapshot(2600)
    assert small_metrics(shown) == ("learning_rate", "grad_norm")
    bare = replace(shown, series={n: s for n, s in shown.series.items() if n != "grad_norm"})
    assert small_metrics(bare) == ("learning_rate", "tokens_per_second")
    assert small_metrics(EMPTY) == ("learning_rate", "grad_norm")
    text = "\n".join(Painter(ASCII).screen(bare, 120, 40).lines())
    assert text.count("tokens_per_second") == 1
    assert "not printed" not in text


@pytest.mark.parametrize("height", range(8))
def test_compact(height: int):
    """However few rows there are, they answer who, how, the worst alert, the phase and the best, in this order."""
    lines = compact(snapshot(2600), 50, height, ASCII).lines()
    wanted = ["train_v4", "!!! red", "/ severe", "* best 0.9593 @1600", "loss", "eval_loss"]
    assert len(lines) == height
    assert all(line.startswith(word) for line, word in zip(lines, wanted, strict=False))


def test_infinite_metrics_are_words():
    """A metric that is not finite reads as such."""
    series = Series()
    series.extend([float("inf")], 1, 1)
    assert "inf" in metrics_panel(replace(EMPTY, series={"kl": series}), 38, 3, ASCII).lines()[1]
