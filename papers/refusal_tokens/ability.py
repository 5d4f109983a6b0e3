"""Ask one model of Refusal Tokens questions of general ability, as text to be gone on with.

Of the model before training and of released checkpoints. A step of its own, since
lm-evaluation-harness loads the model itself, and since what it does in hours should cost no other
step's replies where it fails. A row of the result is one question:

    id, part      which question of which benchmark
    correct       how right the answer is
"""

from shared.comparison.scores import as_frame, write_scores
from shared.judges import harness
from shared.models.loading import model_folder
from shared.runner.step import Run, step

READS = ("model", "tasks", "harness_engine", "batch_size", "precision", "variant.weights")


def ability(run: Run, variant: str, seed: int) -> dict:
    """Ask one model the questions that the settings name."""
    settings, weights = run.settings, run.variant and run.variant.weights
    in_vllm = settings.harness_engine == "vllm"  # else it makes logits of every token of a batch
    sizes = {"batch_size": settings.batch_size} if in_vllm else {}
    found = harness.answered(
        settings.tasks,
        str(model_folder(weights or settings.model).resolve()),
        run.scratch,
        engine=settings.harness_engine,
        precision=settings.precision,
        chat_template=False,
        **sizes,
    )
    none = {"category": "", "refuse": False, "first": ""}
    made = [{"id": each.id, "part": each.dataset, "correct": each.correct} | none for each in found]
    write_scores(as_frame(made, names=["part", "category", "first"]), run.out)
    return {"questions": len(made)}


if __name__ == "__main__":
    step(ability)
