import json

from shared.workflow.expected import UNKNOWN, cheapest_first, recorded, seconds_of


def record(results, path, seconds):
    file = results / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"seconds": seconds}) if seconds is not None else "cut o")


def test_cheap_papers_come_first_and_unknown_ones_last(tmp_path):
    record(tmp_path, "dear/runs/M/train.json", 300)
    record(tmp_path, "dear/runs/data.json", 5)
    record(tmp_path, "cheap/runs/data.json", 9)
    record(tmp_path, "cheap/runs/M/cut-off.json", None)
    assert cheapest_first(["new", "dear", "cheap", "other"], recorded(tmp_path)) == [
        "cheap",
        "dear",
        "new",
        "other",
    ]


def test_a_job_takes_what_its_record_says(tmp_path):
    record(tmp_path, "dear/runs/M/train.json", 300)
    took = recorded(tmp_path)
    path = tmp_path / "dear/runs/M/train.json"
    assert seconds_of(["model", path], took) == 300
    assert seconds_of(["figures"], took) == UNKNOWN
