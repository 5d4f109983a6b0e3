"""Refusal Tokens: instructions → fine-tuning → probabilities and replies → tables and figures."""

REFUSAL_TOKENS = SETUP.settings("refusal_tokens")
REFUSAL_TOKENS_ASKING = [
    "model",
    "prompt",
    "end",
    "categories",
    "forced",
    "reply_tokens",
    "judge",
    "batch_size",
    "batch_tokens",
]


rule refusal_tokens:
    input:
        multiext("<results>/refusal_tokens/", "comparison.csv", "claims.csv", "audit.csv"),
        "<results>/refusal_tokens/figures",
        "<results>/refusal_tokens/data",  # see rule report
    localrule: True


rule refusal_tokens_data:
    input:
        multiext("papers/refusal_tokens/", "templates.yaml", "words.yaml"),
    output:
        directory("<results>/refusal_tokens/data"),
        record="<results>/refusal_tokens/runs/data.json",
    log:
        "<results>/refusal_tokens/logs/data.log",
    params:
        code=code_hash("papers.refusal_tokens.data"),
        settings=only(
            REFUSAL_TOKENS,
            "categories",
            "tested",
            "learnt",
            "reply_words",
            "train",
            "test",
            "data_seed",
            "mirror",
        ),
    shell:
        "python -m papers.refusal_tokens.data {STEP} --out {output[0]}"
        " --record {output.record} 2> {log}"


rule refusal_tokens_base:
    input:
        needs(REFUSAL_TOKENS.model),
        data="<results>/refusal_tokens/data",
    output:
        "<results>/refusal_tokens/scores/base.parquet",
        record="<results>/refusal_tokens/runs/base.json",
    log:
        "<results>/refusal_tokens/logs/base.log",
    threads: max(1, workflow.cores // 2)
    resources:
        **REFUSAL_TOKENS.resources.model_dump(),
    params:
        code=code_hash("papers.refusal_tokens.evaluate"),
        settings=only(REFUSAL_TOKENS, *REFUSAL_TOKENS_ASKING),
    shell:
        "python -m shared.workflow.launch papers.refusal_tokens.evaluate {STEP} --variant base"
        " --data {input.data} --out {output[0]} --record {output.record} 2> {log}"


rule refusal_tokens_train:
    input:
        needs(REFUSAL_TOKENS.model),
        data="<results>/refusal_tokens/data",
    output:
        directory("<results>/refusal_tokens/models/{variant}-s{seed}"),
        record="<results>/refusal_tokens/runs/train-{variant}-s{seed}.json",
    log:
        "<results>/refusal_tokens/logs/train-{variant}-s{seed}.log",
    threads: max(1, workflow.cores // 2)
    resources:
        **REFUSAL_TOKENS.to_train.model_dump(),
    params:
        code=code_hash("papers.refusal_tokens.train"),
        settings=only(REFUSAL_TOKENS, "model", "prompt", "end", "categories", "training"),
        variant=lambda wildcards: REFUSAL_TOKENS.variants[wildcards.variant].trained_by(),
    shell:
        "python -m shared.workflow.launch --gpus {resources.gpu} --nodes {resources.nodes}"
        " papers.refusal_tokens.train {STEP} --variant {wildcards.variant}"
        " --seed {wildcards.seed} --data {input.data} --out {output[0]}"
        " --record {output.record} 2> {log}"


rule refusal_tokens_evaluate:
    input:
        needs(REFUSAL_TOKENS.model),
        data="<results>/refusal_tokens/data",
        trained="<results>/refusal_tokens/models/{variant}-s{seed}",
    output:
        "<results>/refusal_tokens/scores/{variant}-s{seed}.parquet",
        record="<results>/refusal_tokens/runs/evaluate-{variant}-s{seed}.json",
    log:
        "<results>/refusal_tokens/logs/evaluate-{variant}-s{seed}.log",
    threads: max(1, workflow.cores // 2)
    resources:
        **REFUSAL_TOKENS.resources.model_dump(),
    params:
        code=code_hash("papers.refusal_tokens.evaluate"),
        settings=only(REFUSAL_TOKENS, *REFUSAL_TOKENS_ASKING),
        variant=lambda wildcards: REFUSAL_TOKENS.variants[wildcards.variant].trained_by(),
    shell:
        "python -m shared.workflow.launch papers.refusal_tokens.evaluate {STEP}"
        " --variant {wildcards.variant}"
        " --seed {wildcards.seed} --data {input.data} --trained {input.trained}"
        " --out {output[0]} --record {output.record} 2> {log}"


REFUSAL_TOKENS_SCORES = [
    "<results>/refusal_tokens/scores/base.parquet",
    *(
        f"<results>/refusal_tokens/scores/{variant}-s{seed}.parquet"
        for variant, seed in REFUSAL_TOKENS.runs()
    ),
]


rule refusal_tokens_analyze:
    input:
        REFUSAL_TOKENS_SCORES,
    output:
        directory("<results>/refusal_tokens/tables"),
        cells="<results>/refusal_tokens/cells.csv",
        record="<results>/refusal_tokens/runs/analyze.json",
    log:
        "<results>/refusal_tokens/logs/analyze.log",
    params:
        code=code_hash("papers.refusal_tokens.analyze"),
        settings=only(
            REFUSAL_TOKENS,
            "model",
            "stand_ins",
            "categories",
            "tested",
            "variants",
            "thresholds",
            "biases",
            "draws",
        ),
    shell:
        "python -m papers.refusal_tokens.analyze {STEP}"
        " --scores {RESULTS}/refusal_tokens/scores --out {RESULTS}/refusal_tokens"
        " --record {output.record} 2> {log}"


rule refusal_tokens_figures:
    input:
        REFUSAL_TOKENS_SCORES,
        "<results>/refusal_tokens/cells.csv",
    output:
        report(directory("<results>/refusal_tokens/figures"), **figures_in_report("refusal_tokens")),
    log:
        "<results>/refusal_tokens/logs/figures.log",
    params:
        code=code_hash("papers.refusal_tokens.figures"),
    shell:
        "python -m papers.refusal_tokens.figures {STEP} --results {RESULTS}/refusal_tokens 2> {log}"
