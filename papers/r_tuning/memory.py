"""What the jobs of R-Tuning hold in memory and work through."""

from papers.r_tuning.settings import Settings
from shared.planning.plan.held import Job, Learns, Reads, Writes

TEXTS = 4096  # tokens of a batch whose likelihood is asked (`shared.generation.score.text_nll`)
# Rows of the official files (Table 6), and about how many tokens one has: by the size of the files
# of ParaRel and of MMLU, five demonstrations included; of passages it is assumed.
TRAINED = {"pararel": 5575, "mmlu": 2448, "multi": 31_493}
TESTED = {"pararel": 19_558, "mmlu": 11_594, "multi": 49_514}
UNANSWERABLE = 5475
TOKENS = {"pararel": 32, "mmlu": 500, "multi": 500}


def jobs(settings: Settings) -> list[Job]:
    model = {"model": settings.model, "precision": settings.precision}
    sizes = {"batch_size": settings.batch_size, "batch_tokens": settings.batch_tokens}
    answers = max(settings.answer_tokens, settings.passage_answer_tokens)
    tasks = [name for name in settings.tasks if name in TRAINED]
    share = 1 / max(1, len(tasks))  # a job has one of the tasks: the mean of them
    trained = round(share * sum(TRAINED[name] for name in tasks))
    tested = round(share * sum(TESTED[name] for name in tasks)) + UNANSWERABLE * bool(tasks)
    mean = round(share * sum(TOKENS[name] for name in tasks))
    samples = settings.samples
    identify = [
        Writes(
            reply=settings.identify_tokens,
            prompts=(1 + samples) * trained + tested,
            mean=mean,
            **model,
            **sizes,
        ),
        Reads(tokens=TEXTS, texts=trained, mean=mean, **model),
    ]
    found = [Job("r_tuning_identify", [[held] for held in identify])]
    for name, variant in settings.variants.items():
        training, length = settings.training, settings.training.max_length
        if variant.protocol == "official":
            length, blocks = settings.packed.block, settings.packed.batch
            training = training.model_copy(update={"effective_batch_size": blocks})
        learns, asks = (
            Learns(settings.model, training, length, examples=trained, mean=mean),
            # each is asked again how sure it is
            Writes(reply=answers, prompts=2 * tested, mean=mean, **model, **sizes),
        )
        found.append(Job("r_tuning_train", [[learns]], name, train=True))
        found.append(Job("r_tuning_evaluate", [[asks]], name))
    return found
