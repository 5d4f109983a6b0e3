"""What the jobs of R-Tuning hold in memory."""

from papers.r_tuning.settings import Settings
from shared.planning.plan.held import Job, Learns, Reads, Writes

TEXTS = 4096  # tokens of a batch whose likelihood is asked (`shared.generation.score.text_nll`)


def jobs(settings: Settings) -> list[Job]:
    model = {"model": settings.model, "precision": settings.precision}
    sizes = {"batch_size": settings.batch_size, "batch_tokens": settings.batch_tokens}
    answers = max(settings.answer_tokens, settings.passage_answer_tokens)
    identify = [
        Writes(reply=settings.identify_tokens, **model, **sizes),
        Reads(tokens=TEXTS, **model),
    ]
    found = [Job("r_tuning_identify", [[held] for held in identify])]
    for name, variant in settings.variants.items():
        training, length = settings.training, settings.training.max_length
        if variant.protocol == "official":
            length, blocks = settings.packed.block, settings.packed.batch
            training = training.model_copy(update={"effective_batch_size": blocks})
        learns, asks = (
            Learns(settings.model, training, length),
            Writes(reply=answers, **model, **sizes),
        )
        found.append(Job("r_tuning_train", [[learns]], name, train=True))
        found.append(Job("r_tuning_evaluate", [[asks]], name))
    return found
