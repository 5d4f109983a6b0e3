"""R-Tuning: what the base model knows → fine-tuning → answers."""


def r_tuning_pretrained(wildcards):
    """The model before tuning, where it is made here; else it is the model as it is."""
    made = SETUP.settings("r_tuning", wildcards.model).reading
    return f"<results>/r_tuning/models/{wildcards.model}/pretrained-s0" if made else []


rule r_tuning_pretrain:
    input:
        data="<results>/r_tuning/data",
    output:
        SETUP.model_folder("<results>/r_tuning/models/{model}/pretrained-s{seed}"),
        record="<results>/r_tuning/runs/{model}/pretrain-s{seed}.json",
    log:
        "<results>/r_tuning/logs/{model}/pretrain-s{seed}.log",
    priority: 2  # everything waits for it
    threads: HALF
    resources:
        **SETUP.resources("r_tuning", train=True),
    params:
        **SETUP.step("papers.r_tuning.pretrain"),
    shell:
        "python -m shared.workflow.launch --gpus {resources.gpu} --nodes {resources.nodes}"
        " {params.step} 2> {log:q}"


rule r_tuning_identify:
    input:
        SETUP.weights("papers.r_tuning.identify"),
        data="<results>/r_tuning/data",
        pretrained=r_tuning_pretrained,
    output:
        "<results>/r_tuning/scores/{model}/{task}/base.parquet",
        record="<results>/r_tuning/runs/{model}/{task}/base.json",
    log:
        "<results>/r_tuning/logs/{model}/{task}/base.log",
    priority: 1  # most trainings wait for it
    threads: HALF
    resources:
        **SETUP.resources("r_tuning"),
    params:
        **SETUP.step("papers.r_tuning.identify"),
    shell:
        "python -m shared.workflow.launch {params.step} 2> {log:q}"


def r_tuning_base(wildcards):
    """What the base model knows, for the methods that learn it."""
    needed = SETUP.variant("r_tuning", wildcards).learns_what_it_knew
    folder = f"<results>/r_tuning/scores/{wildcards.model}/{wildcards.task}"
    return f"{folder}/base.parquet" if needed else []


rule r_tuning_train:
    input:
        SETUP.weights("papers.r_tuning.train"),
        data="<results>/r_tuning/data",
        pretrained=r_tuning_pretrained,
        base=r_tuning_base,
    output:
        SETUP.model_folder("<results>/r_tuning/models/{model}/{task}/{variant}-s{seed}"),
        record="<results>/r_tuning/runs/{model}/{task}/train-{variant}-s{seed}.json",
    log:
        "<results>/r_tuning/logs/{model}/{task}/train-{variant}-s{seed}.log",
    threads: HALF
    resources:
        **SETUP.resources("r_tuning", train=True),
    params:
        **SETUP.step("papers.r_tuning.train"),
    shell:
        "python -m shared.workflow.launch --gpus {resources.gpu} --nodes {resources.nodes}"
        " {params.step} 2> {log:q}"


def r_tuning_answers(wildcards):
    """Of the variant whose majority answers this one checks."""
    other = SETUP.variant("r_tuning", wildcards).checks_answers_of
    folder = f"<results>/r_tuning/scores/{wildcards.model}/{wildcards.task}"
    return f"{folder}/{other}-s{wildcards.seed}.parquet" if other else []


rule r_tuning_evaluate:
    input:
        SETUP.weights("papers.r_tuning.evaluate"),
        data="<results>/r_tuning/data",
        pretrained=r_tuning_pretrained,
        trained="<results>/r_tuning/models/{model}/{task}/{variant}-s{seed}",
        answers=r_tuning_answers,
    output:
        "<results>/r_tuning/scores/{model}/{task}/{variant}-s{seed}.parquet",
        record="<results>/r_tuning/runs/{model}/{task}/evaluate-{variant}-s{seed}.json",
    log:
        "<results>/r_tuning/logs/{model}/{task}/evaluate-{variant}-s{seed}.log",
    threads: HALF
    resources:
        **SETUP.resources("r_tuning"),
    params:
        **SETUP.step("papers.r_tuning.evaluate"),
    shell:
        "python -m shared.workflow.launch {params.step} 2> {log:q}"


# Another model's answers to the training questions, behind an endpoint; for all models.
rule r_tuning_ask:
    input:
        SETUP.weights("papers.r_tuning.ask"),
        data="<results>/r_tuning/data",
    output:
        "<results>/r_tuning/scores/asked.parquet",
        record="<results>/r_tuning/runs/ask.json",
    log:
        "<results>/r_tuning/logs/ask.log",
    resources:
        mem_mb=4000,
        runtime=2880,
    params:
        **SETUP.step("papers.r_tuning.ask"),
    shell:
        "python -m shared.workflow.launch {params.step} 2> {log:q}"
