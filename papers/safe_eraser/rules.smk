"""SafeEraser: vanilla → what it says → unlearning → what is said then."""


def safe_eraser_vanilla(wildcards):
    """The model before unlearning, where it is trained here; else it is the model as it is."""
    settings = SETUP.settings("safe_eraser", wildcards.model)
    folder = f"<results>/safe_eraser/models/{wildcards.model}"
    return f"{folder}/{settings.start(wildcards.seed)}" if settings.vanilla else []


def safe_eraser_answers(wildcards):
    """The scores of what it says."""
    start = SETUP.settings("safe_eraser", wildcards.model).start(wildcards.seed)
    return f"<results>/safe_eraser/scores/{wildcards.model}/{start}.parquet"


rule safe_eraser_vanilla:
    input:
        SETUP.weights("papers.safe_eraser.train_vanilla"),
        data="<results>/safe_eraser/data",
    output:
        SETUP.model_folder("<results>/safe_eraser/models/{model}/vanilla-s{seed}"),
        record="<results>/safe_eraser/runs/{model}/train-vanilla-s{seed}.json",
    log:
        "<results>/safe_eraser/logs/{model}/train-vanilla-s{seed}.log",
    threads: HALF
    resources:
        **SETUP.resources("safe_eraser", train=True),
    params:
        **SETUP.step("papers.safe_eraser.train_vanilla"),
    shell:
        "python -m shared.workflow.launch --gpus {resources.gpu} --nodes {resources.nodes}"
        " {params.step} 2> {log:q}"


rule safe_eraser_unlearn:
    input:
        SETUP.weights("papers.safe_eraser.unlearn"),
        data="<results>/safe_eraser/data",
        vanilla=safe_eraser_vanilla,
        answers=safe_eraser_answers,
    output:
        SETUP.model_folder("<results>/safe_eraser/models/{model}/{variant}-s{seed}"),
        record="<results>/safe_eraser/runs/{model}/train-{variant}-s{seed}.json",
    log:
        "<results>/safe_eraser/logs/{model}/train-{variant}-s{seed}.log",
    wildcard_constraints:
        variant="(?!vanilla)[^/]+",
    threads: HALF
    resources:
        **SETUP.resources("safe_eraser", train=True),
    params:
        **SETUP.step("papers.safe_eraser.unlearn"),
    shell:
        "python -m shared.workflow.launch --gpus {resources.gpu} --nodes {resources.nodes}"
        " {params.step} 2> {log:q}"


def safe_eraser_unlearnt(wildcards):
    """A variant's snapshots, and what vanilla said; vanilla itself needs neither."""
    folder = "<results>/safe_eraser"
    if wildcards.variant == "vanilla":
        return {}
    return {
        "trained": f"{folder}/models/{wildcards.model}/{wildcards.variant}-s{wildcards.seed}",
        "answers": safe_eraser_answers(wildcards),
    }


rule safe_eraser_evaluate:
    input:
        SETUP.weights("papers.safe_eraser.evaluate"),
        unpack(safe_eraser_unlearnt),
        data="<results>/safe_eraser/data",
        vanilla=safe_eraser_vanilla,
    output:
        "<results>/safe_eraser/scores/{model}/{variant}-s{seed}.parquet",
        record="<results>/safe_eraser/runs/{model}/evaluate-{variant}-s{seed}.json",
    log:
        "<results>/safe_eraser/logs/{model}/evaluate-{variant}-s{seed}.log",
    threads: HALF
    resources:
        **SETUP.resources("safe_eraser"),
    params:
        **SETUP.step("papers.safe_eraser.evaluate"),
    shell:
        "python -m shared.workflow.launch {params.step} 2> {log:q}"
