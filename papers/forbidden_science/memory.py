"""What the jobs of Forbidden Science hold in memory."""

from papers.forbidden_science.settings import Settings
from shared.models.spec import is_endpoint
from shared.planning.plan.held import Job, Learns, Writes, judging


def jobs(settings: Settings) -> list[Job]:
    sizes = {"batch_size": settings.batch_size, "batch_tokens": settings.batch_tokens}
    judges = judging(settings.judges, settings.precision, **sizes)
    rules = ("forbidden_science_evaluate", "forbidden_science_calibrate")
    found = [Job(rule, [judges]) for rule in rules if judges]
    if not is_endpoint(settings.model):
        asks = Writes(settings.model, settings.reply_tokens, **sizes, precision=settings.precision)
        found.append(Job("forbidden_science_ask", [[asks]]))
    if len(settings.seeds()) > 1:
        training = settings.training
        learns = Learns(settings.model, training, training.max_length)
        found.append(Job("forbidden_science_teach", [[learns]], train=True))
    return found
