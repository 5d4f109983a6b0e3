"""KIE-HVQA: features of lines → base, cold start, GRPO → answers; an OCR engine beside them."""


# Of the frozen recogniser, for all small models: it is the data that decide them.
rule kie_hvqa_features:
    input:
        data="<results>/kie_hvqa/data",
    output:
        "<results>/kie_hvqa/features/{which}.npz",
        record="<results>/kie_hvqa/runs/features-{which}.json",
    log:
        "<results>/kie_hvqa/logs/features-{which}.log",
    priority: 2  # everything waits for them
    threads: HALF
    resources:
        mem_mb=lambda wildcards: SETUP.settings("kie_hvqa").resources.mem_mb,
        runtime=lambda wildcards: SETUP.settings("kie_hvqa").resources.runtime,
    params:
        **SETUP.step("papers.kie_hvqa.features"),
    shell:
        "python -m shared.workflow.launch {params.step} 2> {log:q}"


def kie_hvqa_seen(wildcards, which):
    """What a small model sees of the lines."""
    small = SETUP.settings("kie_hvqa", wildcards.model).small
    return f"<results>/kie_hvqa/features/{which}.npz" if small else []


def kie_hvqa_weights(wildcards, variant):
    """Of a variant, of this seed if it has several; none of the model as it is."""
    if not variant:
        return []
    seeds = SETUP.settings("kie_hvqa", wildcards.model).seeds_of(variant)
    seed = wildcards.seed if int(wildcards.seed) in seeds else seeds[0]
    return f"<results>/kie_hvqa/models/{wildcards.model}/{variant}-s{seed}"


def kie_hvqa_start(wildcards):
    settings = SETUP.chosen_by("kie_hvqa", wildcards)
    return kie_hvqa_weights(wildcards, settings.start_of(wildcards.variant))


def kie_hvqa_trained(wildcards):
    trained = SETUP.variant("kie_hvqa", wildcards).trained
    return kie_hvqa_weights(wildcards, trained and wildcards.variant)


rule kie_hvqa_train:
    input:
        SETUP.weights("papers.kie_hvqa.train"),
        data="<results>/kie_hvqa/data",
        start=kie_hvqa_start,
        features=lambda wildcards: kie_hvqa_seen(
            wildcards, SETUP.variant("kie_hvqa", wildcards).features
        ),
    output:
        SETUP.model_folder("<results>/kie_hvqa/models/{model}/{variant}-s{seed}"),
        record="<results>/kie_hvqa/runs/{model}/train-{variant}-s{seed}.json",
    log:
        "<results>/kie_hvqa/logs/{model}/train-{variant}-s{seed}.log",
    priority: 1
    threads: HALF
    resources:
        **SETUP.resources("kie_hvqa", train=True),
    params:
        **SETUP.step("papers.kie_hvqa.train"),
    shell:
        "python -m shared.workflow.launch --gpus {resources.gpu} --nodes {resources.nodes}"
        " {params.step} 2> {log:q}"


rule kie_hvqa_evaluate:
    input:
        SETUP.weights("papers.kie_hvqa.evaluate"),
        data="<results>/kie_hvqa/data",
        trained=kie_hvqa_trained,
        features=lambda wildcards: kie_hvqa_seen(wildcards, "clean"),
    output:
        "<results>/kie_hvqa/scores/{model}/{variant}-s{seed}.parquet",
        record="<results>/kie_hvqa/runs/{model}/evaluate-{variant}-s{seed}.json",
    log:
        "<results>/kie_hvqa/logs/{model}/evaluate-{variant}-s{seed}.log",
    threads: HALF
    resources:
        **SETUP.resources("kie_hvqa"),
    params:
        **SETUP.step("papers.kie_hvqa.evaluate"),
    shell:
        "python -m shared.workflow.launch {params.step} 2> {log:q}"


# What a user would take instead; a model of its own, whatever the models of the scale.
rule kie_hvqa_engine:
    input:
        data="<results>/kie_hvqa/data",
    output:
        "<results>/kie_hvqa/scores/engine.parquet",
        legibility="<results>/kie_hvqa/scores/legibility.parquet",
        record="<results>/kie_hvqa/runs/engine.json",
    log:
        "<results>/kie_hvqa/logs/engine.log",
    resources:
        mem_mb=lambda wildcards: SETUP.settings("kie_hvqa").resources.mem_mb,
        runtime=lambda wildcards: SETUP.settings("kie_hvqa").resources.runtime,
    params:
        **SETUP.step("papers.kie_hvqa.engine"),
    shell:
        "python -m shared.workflow.launch {params.step} 2> {log:q}"
