"""What the jobs of my_paper hold in memory."""

from papers.my_paper.settings import Settings
from shared.planning.plan.held import Job, Learns, Reads

TEXTS = 4096  # tokens of a batch whose likelihood is asked (`shared.generation.score.text_nll`)


def jobs(settings: Settings) -> list[Job]:
    learns = Learns(settings.model, settings.training, settings.training.max_length)
    reads = Reads(settings.model, TEXTS, precision=settings.precision)
    return [
        Job("my_paper_train", [[learns]], train=True),
        Job("my_paper_evaluate", [[reads]]),
    ]
