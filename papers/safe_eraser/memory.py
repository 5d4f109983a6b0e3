"""What the jobs of SafeEraser hold in memory and work through."""

from papers.safe_eraser.methods import RECIPES
from papers.safe_eraser.settings import VANILLA, Settings
from shared.planning.measure.architecture import of_model
from shared.planning.plan.held import Job, Learns, Writes, judging

PICTURES_GB = 12.2  # 9,000 pictures of 336 x 336 pixels, 1.35 MB each, which their prompts share
# Pairs of each of the three sets (7,200 to train, 2,400 to test), the questions of the seven
# specificity benchmarks, and about the tokens of a question with its answer of 140 words.
TRAINED, TESTED, TOKENS = 7200, 3 * (7200 + 2400), 250
ALL = 5000  # questions of one of them, where all are asked


def jobs(settings: Settings) -> list[Job]:
    sizes = {"batch_size": settings.batch_size, "batch_tokens": settings.batch_tokens}
    picture = of_model(settings.model).picture_tokens
    seen = {"picture": picture}
    asked_of = TESTED + (settings.specificity_questions or ALL) * len(settings.specificity or ())
    says = Writes(
        settings.model,
        settings.answer_tokens,
        **sizes,
        **seen,
        precision=settings.precision,
        prompts=0 if settings.generated else asked_of,
        mean=picture + 40,
    )
    asked = [[says, *judging([settings.judge], settings.precision)]]
    data = {"host_gb": 0 if settings.generated else PICTURES_GB}
    found = [Job("safe_eraser_evaluate", asked, VANILLA, **data)]
    if settings.vanilla:
        length = settings.vanilla.max_length - 1 + picture  # which counts as one token
        learns = Learns(settings.model, settings.vanilla, length, **seen)
        found.append(Job("safe_eraser_vanilla", [[learns]], VANILLA, train=True))
    for name, variant in settings.variants.items():
        terms = RECIPES[variant.protocol][variant.method]
        length = settings.unlearning.max_length - 1 + picture
        learns = Learns(
            settings.model,
            settings.unlearning,
            length,
            **seen,
            terms=terms,
            examples=0 if settings.generated else TRAINED,
            mean=picture + TOKENS,
        )
        found.append(Job("safe_eraser_unlearn", [[learns]], name, train=True, **data))
        found.append(Job("safe_eraser_evaluate", asked, name, **data))
    return found
