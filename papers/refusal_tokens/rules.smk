"""Refusal Tokens: fine-tuning → probabilities of the control tokens and replies."""


rule refusal_tokens_train:
    input:
        SETUP.weights("papers.refusal_tokens.train"),
        data="<results>/refusal_tokens/data",
    output:
        SETUP.model_folder("<results>/refusal_tokens/models/{model}/{variant}-s{seed}"),
        record="<results>/refusal_tokens/runs/{model}/train-{variant}-s{seed}.json",
    log:
        "<results>/refusal_tokens/logs/{model}/train-{variant}-s{seed}.log",
    threads: HALF
    resources:
        **SETUP.resources("refusal_tokens", train=True),
    params:
        **SETUP.step("papers.refusal_tokens.train"),
    shell:
        "python -m shared.workflow.launch --gpus {resources.gpu} --nodes {resources.nodes}"
        " {params.step} 2> {log:q}"


# Of the model before training and of released checkpoints, which lm-evaluation-harness loads.
rule refusal_tokens_ability:
    input:
        SETUP.weights("papers.refusal_tokens.ability"),
    output:
        "<results>/refusal_tokens/scores/{model}/ability/{variant}-s{seed}.parquet",
        record="<results>/refusal_tokens/runs/{model}/ability-{variant}-s{seed}.json",
    log:
        "<results>/refusal_tokens/logs/{model}/ability-{variant}-s{seed}.log",
    threads: HALF
    resources:
        **SETUP.resources("refusal_tokens"),
    params:
        **SETUP.step("papers.refusal_tokens.ability"),
    shell:
        "python -m shared.workflow.launch {params.step} 2> {log:q}"


# The model before training too, as base-s0.
rule refusal_tokens_evaluate:
    input:
        SETUP.weights("papers.refusal_tokens.evaluate"),
        data="<results>/refusal_tokens/data",
        trained=SETUP.trained("refusal_tokens"),
    output:
        "<results>/refusal_tokens/scores/{model}/{variant}-s{seed}.parquet",
        record="<results>/refusal_tokens/runs/{model}/evaluate-{variant}-s{seed}.json",
    log:
        "<results>/refusal_tokens/logs/{model}/evaluate-{variant}-s{seed}.log",
    wildcard_constraints:
        variant="[^/]+",  # not those in ability/
    threads: HALF
    resources:
        **SETUP.resources("refusal_tokens"),
    params:
        **SETUP.step("papers.refusal_tokens.evaluate"),
    shell:
        "python -m shared.workflow.launch {params.step} 2> {log:q}"
