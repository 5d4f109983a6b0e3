"""What CenterBench's models are held against, none of it a language model.

Writes `<solver>.parquet`, the answers of each solver under both scorers (`solvers`, `scoring`);
`scorer_audit.parquet`, what the scorers accept of prepared answers (`scorer_audit`);
`official_data.parquet`, what can be counted in the released files (`checks`). The last two have no
rows if these were not reached.
"""

from pathlib import Path

from papers.center_bench import checks, official
from papers.center_bench.asked import asked_questions
from papers.center_bench.scorer_audit import audit
from papers.center_bench.scoring import Scorers, frame
from papers.center_bench.solvers import solve
from shared.comparison.scores import write_scores
from shared.runner.progress import bar
from shared.runner.step import Run, step

READS = ("asked", "solvers", "similarity")


def reference(run: Run, data: Path) -> dict:
    """Let the solvers answer, and look at the scorers and the released files themselves."""
    questions = frame(asked_questions(data, run.settings.asked))
    scorers = Scorers(run.settings.similarity)
    for solver in bar(run.settings.solvers, unit="solver"):
        answers = solve(solver, questions, scorers.encoder)
        write_scores(scorers.score(questions, answers), run.out / f"{solver}.parquet")
    items = official.read_items(data)
    published = frame(official.records(items))
    audited = audit(published, scorers.encoder, scorers.lemmatizer, scorers.similarity)
    write_scores(audited, run.out / "scorer_audit.parquet")
    write_scores(checks.official_data(items), run.out / "official_data.parquet")
    return {"questions": len(questions), "prepared_answers": len(audited)}


if __name__ == "__main__":
    step(reference)
