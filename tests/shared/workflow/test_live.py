import io
import logging
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from snakemake_interface_logger_plugins.common import LogEvent

from shared.report.collect import load_results
from shared.report.counts import claim_counts
from shared.settings import ROOT, paper_ids
from shared.workflow import live
from shared.workflow.live import Live, Plain, duration, verdicts, watch

CLAIMS = """id,protocol,kind,ours,verdict
c1,corrected,replicated,,holds
c2,corrected,replicated,,fails
c3,corrected,replicated,yes,fails
c1,official,replicated,,holds
c4,corrected,replicated,,holds
"""


@pytest.fixture
def shown(tmp_path):
    file = io.StringIO()
    took = {"results/runs/train.json": 100.0, "results/runs/ask.json": 20.0}
    return Live(tmp_path, took, "snakemake --config scale=cpu", file)


def tell(shown, event=None, message="", level=logging.INFO, **fields):
    record = logging.makeLogRecord({"msg": message, "levelno": level, "event": event, **fields})
    shown.emit(record)


def begin_job(shown, number, paper="r_tuning", rule="train", log=None, **fields):
    tell(
        shown,
        LogEvent.JOB_INFO,
        jobid=number,
        rule_name=rule,
        wildcards={"paper": paper},
        output=["results/model", f"results/runs/{rule}.json"],
        log=[str(log or f"logs/{rule}-s0.log")],
        **fields,
    )


def test_the_line_says_steps_time_left_and_what_runs(shown, tmp_path):
    log = tmp_path / "train-s0.log"
    log.write_text("a warning\ntraining: step 3 of 9, loss 1.250, 2 a second\nanother warning\n")
    shown.total, shown.left = 2, 120.0
    begin_job(shown, 1, log=log)
    line = shown.line()
    assert line.startswith("0/2 0 s, about 2 min left | r_tuning train-s0: step 3 of 9, loss 1.250")
    shown.running[1].started -= 70
    assert "about 50 s left" in shown.line()
    tell(shown, LogEvent.JOB_FINISHED, job_id=1)
    assert shown.line() == "1/2 0 s, about 20 s left"


def test_a_bar_in_a_log_is_shown_short(shown, tmp_path):
    log = tmp_path / "ask.log"
    log.write_text(" 25%|##5       | 128/512 [00:10<00:30, 12.30prompt/s]\n")
    begin_job(shown, 1, rule="ask", log=log)
    assert shown.line().endswith("r_tuning ask: 128/512, 12.30prompt/s")


def test_a_finished_paper_says_its_verdicts_and_where_its_page_lies(shown, tmp_path):
    (tmp_path / "r_tuning").mkdir()
    (tmp_path / "r_tuning" / "claims.csv").write_text(CLAIMS)
    begin_job(shown, 1, rule="page")
    tell(shown, LogEvent.JOB_FINISHED, job_id=1)
    page = tmp_path / "r_tuning" / "report.html"
    assert f"r_tuning: 2 holds, 1 fails · {page}\n" in shown.file.getvalue()


@pytest.mark.parametrize("kind", [Live, Plain])
def test_the_end_says_again_what_came_of_papers_and_what_failed(tmp_path, kind):
    """After hours the lines of the first papers have scrolled by."""
    file = io.StringIO()
    shown = kind(tmp_path, {}, "snakemake --config scale=cpu", file)
    (tmp_path / "r_tuning").mkdir()
    (tmp_path / "r_tuning" / "claims.csv").write_text(CLAIMS)
    log = tmp_path / "train-s0.log"
    log.write_text("error: no such file\n")
    for number, (rule, paper) in enumerate((("page", "r_tuning"), ("report", ""))):
        begin_job(shown, number, paper, rule)
        tell(shown, LogEvent.JOB_FINISHED, job_id=number)
    begin_job(shown, 7, "resa", log=log)
    failed = {"jobid": 7, "rule_name": "train", "output": ["results/model"]}
    tell(shown, LogEvent.JOB_ERROR, level=logging.ERROR, **failed)
    before = len(file.getvalue())
    paper = f"r_tuning: 2 holds, 1 fails · {tmp_path / 'r_tuning' / 'report.html'}"
    at_once = file.getvalue().replace("\r\033[K", "").splitlines()
    assert at_once[:2] == [paper, f"the report: {tmp_path / 'report.html'}"]
    assert (len(at_once) == 2) is (kind is Plain)  # Snakemake itself says what failed
    shown.end("1 failed")
    said = file.getvalue()[before:].replace("\r\033[K", "")
    assert said == (
        f"{paper}\n"
        f"the report: {tmp_path / 'report.html'}\n"
        f"failed: resa train-s0 ({log})\n"
        "  again: snakemake --config scale=cpu -- results/model\n"
        "1 failed after 0 s\n"
    )
    assert kind is Live or "\033" not in file.getvalue()


@pytest.mark.parametrize(
    ("terminal", "options", "kind"),
    [
        (True, {}, Live),
        (True, {"verbose": True}, Plain),
        (False, {}, Plain),
        (False, {"dryrun": True}, type(None)),
        (True, {"quiet": True}, type(None)),
    ],
)
def test_where_there_is_no_terminal_snakemake_shows_the_steps(
    monkeypatch, tmp_path, terminal, options, kind
):
    monkeypatch.setattr("sys.stderr.isatty", lambda: terminal, raising=False)
    monkeypatch.setattr(live, "logger", logging.Logger("of Snakemake"))
    kinds = dict.fromkeys(("dryrun", "verbose", "quiet", "debug_dag"), False)
    workflow = SimpleNamespace(
        output_settings=SimpleNamespace(**kinds | options), is_main_process=True
    )
    assert type(watch(workflow, tmp_path, {}, "scale=cpu")) is kind


def test_a_failed_step_shows_the_end_of_its_log_and_the_command(shown, tmp_path):
    log = tmp_path / "train-s0.log"
    log.write_text("\n".join(f"line {i}" for i in range(40)) + "\nerror: no such file\n")
    begin_job(shown, 7, log=log)
    failed = {"jobid": 7, "rule_name": "train", "output": ["results/model"]}
    tell(shown, LogEvent.JOB_ERROR, level=logging.ERROR, **failed)
    tell(shown, message="At least one job did not complete", level=logging.ERROR)
    said = shown.file.getvalue()
    assert f"failed: r_tuning train-s0 ({log})" in said and "error: no such file" in said
    assert "line 5\n" not in said and "At least one job" not in said
    assert "again: snakemake --config scale=cpu -- results/model" in said
    assert shown.failed == 1 and not shown.running


def test_a_step_that_was_killed_in_silence(shown, tmp_path):
    begin_job(shown, 7, log=tmp_path / "nothing.log")
    tell(shown, LogEvent.JOB_ERROR, level=logging.ERROR, jobid=7, rule_name="train", output=[])
    assert "the step was killed before it could say why" in shown.file.getvalue()


def test_a_changed_setting_is_said_once(shown):
    why = "Params have changed since last execution: training.learning_rate: 0.001 → 0.0003"
    for number in (1, 2):
        begin_job(shown, number, reason=why)
    begin_job(shown, 3, reason="Missing output files: a")
    said = "r_tuning runs again: training.learning_rate: 0.001 → 0.0003"
    assert shown.file.getvalue() == f"\r\033[K{said}\n"


def test_an_interruption_is_no_failure(shown):
    begin_job(shown, 7)
    tell(shown, message="Terminating processes on user request, this might take some time.")
    tell(shown, LogEvent.JOB_ERROR, level=logging.ERROR, jobid=7, rule_name="train", output=[])
    tell(shown, message="RuleException: CalledProcessError", level=logging.ERROR)
    shown.end("1 failed")
    assert shown.file.getvalue() == f"\r\033[K{live.INTERRUPTED}\n"


def test_other_errors_are_shown_and_chatter_is_not(shown):
    tell(shown, message="Using shell: /usr/bin/bash")
    tell(shown, message="MissingInputException: nothing makes x", level=logging.ERROR)
    assert shown.file.getvalue() == "\r\033[KMissingInputException: nothing makes x\n"


def test_it_draws_while_steps_run(shown):
    shown.begin([["results/runs/train.json"], ["results/runs/ask.json"], ["unknown"]])
    begin_job(shown, 1)
    time.sleep(1.2)
    shown.end("done")
    said = shown.file.getvalue()
    assert "3 steps, about 1 min on two cores" in said
    assert "\r\033[K0/3 1 s, about 2 min left | r_tuning train-s0" in said
    assert "done after 1 s" in said


def test_words():
    assert [duration(s) for s in (40, 720, 4800)] == ["40 s", "12 min", "1 h 20 min"]


@pytest.mark.parametrize("paper", paper_ids())
def test_the_verdicts_are_those_that_the_report_counts(paper):
    claims = ROOT / "results" / "cpu" / paper / "claims.csv"
    counted = next(
        iter(claim_counts(load_results(paper, claims.parents[1], "cpu").claims).values())
    )
    said = dict(reversed(part.split(" ", 1)) for part in verdicts(claims).split(", "))
    assert said == {name: str(number) for name, number in counted.items() if number}


def test_claims_of_a_paper_with_one_reading(tmp_path):
    claims = Path(tmp_path, "claims.csv")
    claims.write_text("id,protocol,kind,ours,verdict\na,,replicated,,one run\n")
    assert verdicts(claims) == "1 one run"
