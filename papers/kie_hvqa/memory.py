"""What the jobs of KIE-HVQA hold in memory and work through."""

from papers.kie_hvqa.settings import Settings
from shared.models.spec import is_endpoint
from shared.planning.measure.architecture import of_model
from shared.planning.plan.held import Held, Job, Learns, Reinforces, Writes

WORDS = 256  # tokens of a question and what is asked for, beside the picture
PICTURE = 256  # tokens of a small one, of which a batch has the most
DOCUMENT = 3328  # of a large one: 13 parts for InternVL; for Qwen, and GRPO, 1,400 x 1,850 pixels
TESTED = 429 + 1000 + 200 + 472 + 50  # the official set, OCRBench and those with scans


def jobs(settings: Settings) -> list[Job]:
    if is_endpoint(settings.model):
        return []
    sizes = {"batch_size": settings.batch_size, "batch_tokens": settings.batch_tokens}
    line = of_model(settings.model).picture_tokens if settings.small else None
    asked = [
        Writes(
            settings.model,
            settings.answer_tokens,
            **sizes,
            prompt=picture + (0 if line else WORDS),
            picture=picture,
            precision=settings.precision,
            prompts=0 if line else TESTED // 2,
            mean=picture + WORDS,
        )
        for picture in ([line] if line else [PICTURE, DOCUMENT])
    ]
    found = []
    for name, variant in settings.variants.items():
        found.append(Job("kie_hvqa_evaluate", [[each] for each in asked], name))
        learns: Held | None = None
        if training := variant.training:
            picture = line or training.max_length - WORDS
            examples = 0 if line else settings.sizes.cold_start
            learns = Learns(
                settings.model, training, training.max_length, picture, examples=examples
            )
        elif grpo := variant.reinforcement:
            picture = line or DOCUMENT
            learns = Reinforces(settings.model, grpo, picture + (0 if line else WORDS), picture)
        if learns:
            found.append(Job("kie_hvqa_train", [[learns]], name, train=True))
    return found
