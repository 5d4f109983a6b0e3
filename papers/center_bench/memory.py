"""What the jobs of CenterBench hold in memory."""

from papers.center_bench.settings import Settings
from shared.models.spec import is_endpoint
from shared.planning.plan.held import Job, Learns, Writes


def jobs(settings: Settings) -> list[Job]:
    sizes = {"batch_size": settings.batch_size, "batch_tokens": settings.batch_tokens}
    asked = {name: settings.asked_as(variant).model for name, variant in settings.variants.items()}
    if settings.small:
        training = settings.reader.training
        learns = Learns(settings.model, training, training.max_length)
        trained = [Job("center_bench_train", [[learns]], train=True)]
    else:
        trained = []
    return trained + [
        Job(
            "center_bench_ask_reader" if settings.small else "center_bench_ask",
            [[Writes(model, settings.max_new_tokens, **sizes, precision=settings.precision)]],
            name,
        )
        for name, model in asked.items()
        if not is_endpoint(model)
    ]
