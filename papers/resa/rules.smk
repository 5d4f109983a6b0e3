"""ReSA: fine-tuning on replies with a check → reinforcement → replies to everything."""


def resa_pretrained(wildcards):
    """The model before fine-tuning, where it is made here; else it is the model as it is."""
    made = SETUP.settings("resa", wildcards.model).reading
    return f"<results>/resa/models/{wildcards.model}/pretrained-s0" if made else []


rule resa_pretrain:
    input:
        data="<results>/resa/data",
    output:
        SETUP.model_folder("<results>/resa/models/{model}/pretrained-s{seed}"),
        record="<results>/resa/runs/{model}/pretrain-s{seed}.json",
    log:
        "<results>/resa/logs/{model}/pretrain-s{seed}.log",
    priority: 2  # everything waits for it
    threads: HALF
    resources:
        **SETUP.resources("resa", train=True),
    params:
        **SETUP.step("papers.resa.pretrain"),
    shell:
        "python -m shared.workflow.launch --gpus {resources.gpu} --nodes {resources.nodes}"
        " {params.step} 2> {log:q}"


RESA_REINFORCED = {
    name
    for each in SETUP.each("resa")
    for name, variant in each.variants.items()
    if variant.reinforced
}


ruleorder: resa_reinforce > resa_train


rule resa_train:
    input:
        SETUP.weights("papers.resa.train"),
        data="<results>/resa/data",
        pretrained=resa_pretrained,
    output:
        SETUP.model_folder("<results>/resa/models/{model}/{variant}-s{seed}"),
        record="<results>/resa/runs/{model}/train-{variant}-s{seed}.json",
    log:
        "<results>/resa/logs/{model}/train-{variant}-s{seed}.log",
    wildcard_constraints:
        variant="(?!pretrained)[^/]+",
    priority: 1  # reinforcement and all evaluations wait for it
    threads: HALF
    resources:
        **SETUP.resources("resa", train=True),
    params:
        **SETUP.step("papers.resa.train"),
    shell:
        "python -m shared.workflow.launch --gpus {resources.gpu} --nodes {resources.nodes}"
        " {params.step} 2> {log:q}"


use rule resa_train as resa_reinforce with:
    input:
        SETUP.weights("papers.resa.reinforce"),
        data="<results>/resa/data",
        pretrained=resa_pretrained,
        # the fine-tuned variant of the same seed that it goes on from, if any
        start=lambda wildcards: [
            f"<results>/resa/models/{wildcards.model}/{start}-s{wildcards.seed}"
            for start in [SETUP.variant("resa", wildcards).starts_from]
            if start
        ],
    wildcard_constraints:
        variant="|".join(sorted(RESA_REINFORCED)) or "-",  # which is the name of none
    params:
        **SETUP.step("papers.resa.reinforce"),


# The model before training too, as base-s0.
rule resa_evaluate:
    input:
        SETUP.weights("papers.resa.evaluate"),
        data="<results>/resa/data",
        pretrained=resa_pretrained,
        trained=SETUP.trained("resa"),
    output:
        "<results>/resa/scores/{model}/{variant}-s{seed}.parquet",
        record="<results>/resa/runs/{model}/evaluate-{variant}-s{seed}.json",
    log:
        "<results>/resa/logs/{model}/evaluate-{variant}-s{seed}.log",
    threads: HALF
    resources:
        **SETUP.resources("resa"),
    params:
        **SETUP.step("papers.resa.evaluate"),
    shell:
        "python -m shared.workflow.launch {params.step} 2> {log:q}"
