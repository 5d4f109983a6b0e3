from papers.r_tuning.rehearsal import WRITERS
from shared.data import benchmarks


def test_rows_are_read_by_the_readers_of_the_published_files(tmp_path):
    for source in ("pararel", "mmlu", "falseqa"):
        WRITERS[source](tmp_path)
    train = benchmarks.read_pararel(tmp_path / "pararel/training_data.json", "ParaRel")
    test = benchmarks.read_pararel(tmp_path / "pararel/ID_test_pararel.json", "ParaRel")
    assert {row.question for row in train} & {row.question for row in test}  # as in the real ones
    assert len(benchmarks.read_mmlu_json(tmp_path / "mmlu/MMLU_ID_train.json", "MMLU")) == 20
    answerable = [r.answerable for r in benchmarks.read_falseqa(tmp_path / "falseqa/test.csv", "F")]
    assert answerable.count(True) == answerable.count(False) == 4
