"""Forbidden Science: prompts → (a model that is taught →) its flags and replies → judges."""


rule forbidden_science_teach:
    input:
        SETUP.weights("papers.forbidden_science.teach"),
    output:
        SETUP.model_folder("<results>/forbidden_science/models/{model}/{variant}-s{seed}"),
        record="<results>/forbidden_science/runs/{model}/teach-{variant}-s{seed}.json",
    log:
        "<results>/forbidden_science/logs/{model}/teach-{variant}-s{seed}.log",
    threads: HALF
    resources:
        **SETUP.resources("forbidden_science", train=True),
    params:
        **SETUP.step("papers.forbidden_science.teach"),
    shell:
        "python -m shared.workflow.launch --gpus {resources.gpu} --nodes {resources.nodes}"
        " {params.step} 2> {log:q}"


# The model as it is, as base-s0, and those that were taught.
rule forbidden_science_ask:
    input:
        SETUP.weights("papers.forbidden_science.ask"),
        data="<results>/forbidden_science/data",
        trained=SETUP.trained("forbidden_science"),
    output:
        "<results>/forbidden_science/replies/{model}/{variant}-s{seed}.jsonl",
        record="<results>/forbidden_science/runs/{model}/ask-{variant}-s{seed}.json",
    log:
        "<results>/forbidden_science/logs/{model}/ask-{variant}-s{seed}.log",
    threads: HALF
    resources:
        **SETUP.resources("forbidden_science"),
    params:
        **SETUP.step("papers.forbidden_science.ask"),
    shell:
        "python -m shared.workflow.launch {params.step} 2> {log:q}"


rule forbidden_science_evaluate:
    input:
        SETUP.weights("papers.forbidden_science.evaluate"),
        data="<results>/forbidden_science/data",
        replies="<results>/forbidden_science/replies/{model}/{variant}-s{seed}.jsonl",
    output:
        "<results>/forbidden_science/scores/{model}/{variant}-s{seed}.parquet",
        record="<results>/forbidden_science/runs/{model}/evaluate-{variant}-s{seed}.json",
    log:
        "<results>/forbidden_science/logs/{model}/evaluate-{variant}-s{seed}.log",
    threads: HALF
    resources:
        **SETUP.resources("forbidden_science"),
    params:
        **SETUP.step("papers.forbidden_science.evaluate"),
    shell:
        "python -m shared.workflow.launch {params.step} 2> {log:q}"


# The judges on replies that were labelled before; needs no reply of a model.
rule forbidden_science_calibrate:
    input:
        SETUP.weights("papers.forbidden_science.calibrate"),
    output:
        "<results>/forbidden_science/scores/judges.parquet",
        record="<results>/forbidden_science/runs/calibrate.json",
    log:
        "<results>/forbidden_science/logs/calibrate.log",
    threads: HALF
    resources:
        **SETUP.resources("forbidden_science"),
    params:
        **SETUP.step("papers.forbidden_science.calibrate"),
    shell:
        "python -m shared.workflow.launch {params.step} 2> {log:q}"
