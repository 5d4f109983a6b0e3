import logging

import pytest
from snakemake_interface_logger_plugins.common import LogEvent

from shared.errors import UserError
from shared.workflow import mistakes
from shared.workflow.mistakes import Explained, check_command, unknown

RESULTS = "results/cpu"
KNOWN = [f"{RESULTS}/r_tuning/cells.csv", f"{RESULTS}/r_tuning/figures", f"{RESULTS}/report.html"]


@pytest.fixture(autouse=True)
def repository(tmp_path, monkeypatch):
    for name in ("default", "slurm"):
        (tmp_path / "profiles" / name).mkdir(parents=True)
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    "words",
    [
        ["--workflow-profile", "profiles/slrum"],
        ["--workflow-profile=profiles/slrum", "-n"],
        ["--workflow-profile", "slrum"],
        ["r_tuning", "--profile", "profiles/slrum"],
    ],
)
def test_a_profile_that_is_not_there(words):
    with pytest.raises(UserError, match=r"slrum; there are profiles/default, profiles/sl"):
        check_command(words, 2)


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["--workflow-profile", "profiles/slurm"],
        ["--workflow-profile", "slurm"],
        ["--workflow-profile", "none"],
        ["--profile", "mine"],
    ],
)
def test_profiles_that_are_there_or_lie_elsewhere(words):
    check_command(words, 2)
    check_command(words, None)


def test_no_cores_are_refused_and_not_waited_for():
    with pytest.raises(UserError, match="--cores: found 0, expected at least 1"):
        check_command([], 0)


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("results/cpu/r_tuninng/cells.csv", "did you mean results/cpu/r_tuning/cells.csv?"),
        ("results/cpu/reprot.html", "did you mean results/cpu/report.html?"),
        ("somewhere/else", "`snakemake --list` says what there is"),
        ("scale=smoke", "settings follow --config: snakemake --config scale=smoke"),
    ],
)
def test_an_unknown_target_says_what_is_near(target, said):
    assert said in unknown(target, KNOWN)


def test_only_the_message_of_an_unknown_target_is_rewritten():
    explained = Explained(lambda: KNOWN, {})
    text = "No rule to produce results/cpu/r_tuning/cels.csv (if you use input functions …)."
    missing = logging.makeLogRecord({"msg": text, "exception": "MissingRuleException"})
    other = logging.makeLogRecord({"msg": text})
    assert explained.filter(missing) and explained.filter(other)
    assert missing.msg.startswith(
        "error: nothing makes results/cpu/r_tuning/cels.csv; did you mean"
    )
    assert other.msg == text


def test_a_rule_with_wildcards_is_no_target():
    text = "Target rules may not contain wildcards. Please specify …"
    record = logging.makeLogRecord({"msg": text, "exception": "WorkflowError"})
    Explained(lambda: KNOWN, {}).filter(record)
    assert record.msg.startswith("error: a rule with wildcards is no target; ask for a paper")
    assert record.msg.endswith(f" such as {KNOWN[0]}")


def test_a_path_of_a_paper_that_is_left_out_says_why():
    said = unknown(f"{RESULTS}/resa/cells.csv", KNOWN, {"resa": "papers/resa/train.py:3: …"})
    assert said == f"nothing makes {RESULTS}/resa/cells.csv: papers/resa/train.py:3: …"


def test_a_step_that_was_killed_says_so_in_its_log(tmp_path):
    """Nothing that was said is replaced; only a job that failed is looked at."""
    silent, said = tmp_path / "logs" / "silent.log", tmp_path / "said.log"
    said.write_text("error: mine\n")
    failed = {"event": LogEvent.JOB_ERROR, "log": [str(silent), str(said)]}
    explained = Explained(list, {})
    explained.filter(logging.makeLogRecord(failed | {"event": LogEvent.JOB_FINISHED}))
    assert not silent.exists()
    explained.filter(logging.makeLogRecord(failed))
    assert "killed before it could say why" in silent.read_text()
    assert said.read_text() == "error: mine\n"


def test_every_handler_explains(monkeypatch):
    handler = logging.NullHandler()
    monkeypatch.setattr(mistakes.logger, "handlers", [handler])
    mistakes.explain(lambda: KNOWN, {})
    assert len(handler.filters) == 1
