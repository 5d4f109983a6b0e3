"""What the jobs of RoleRef hold in memory and work through."""

from papers.roleref.settings import Settings
from shared.models.spec import is_endpoint
from shared.planning.plan.held import BATCH_SIZE, BATCH_TOKENS, Job, Learns, Reads, Writes

PROSE = 4096  # tokens of a batch of plain prose (`shared.generation.score.text_nll`)
GRADE = 160  # tokens of a grade by the rubric
STATES_GB = 1.0  # hidden states of the last token of all questions, at every layer
TRAINED, TESTED = 5943, 3380  # queries of the authors' files
TOKENS = 700  # of a query with the role's profile, which replies share: assumed


def jobs(settings: Settings) -> list[Job]:
    model = {"model": settings.model, "precision": settings.precision}
    sizes = {"batch_size": settings.batch_size, "batch_tokens": settings.batch_tokens}
    asks = {"prompts": TESTED, "mean": TOKENS}
    says = Writes(reply=settings.reply_tokens, **asks, **model, **sizes)
    asked = [[says], [Reads(tokens=PROSE, **model)]]
    found = [Job("roleref_sweep", asked, host_gb=STATES_GB)]
    if settings.teaching:
        training = settings.teaching.training
        lessons = Learns(settings.model, training, training.max_length)
        found.append(Job("roleref_teach", [[lessons]], train=True))
    if settings.reading:
        training = settings.reading.training
        lessons = Learns(settings.model, training, training.max_length)
        found.append(Job("roleref_pretrain", [[lessons]], train=True))
    for name, variant in settings.variants.items():
        if training := variant.training:
            learns = Learns(
                settings.model, training, training.max_length, examples=TRAINED, mean=TOKENS
            )
            found.append(Job("roleref_train", [[says], [learns]], name, train=True))
        found.append(Job("roleref_ask", asked, name, host_gb=STATES_GB))
    if settings.rubric and not is_endpoint(settings.rubric):
        grades = Writes(
            settings.rubric, GRADE, BATCH_SIZE, BATCH_TOKENS, precision=settings.precision
        )
        found.append(Job("roleref_evaluate", [[grades]], host_gb=STATES_GB))
    return found
