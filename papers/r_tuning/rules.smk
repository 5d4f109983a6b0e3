"""R-Tuning: questions → what the base model knows → fine-tuning → answers → tables and figures."""

R_TUNING = SETUP.settings("r_tuning")
R_TUNING_ASKING = [
    "model",
    "prompt",
    "answer_tokens",
    "base_answer_tokens",
    "samples",
    "temperature",
    "batch_size",
    "batch_tokens",
]


rule r_tuning:
    input:
        multiext("<results>/r_tuning/", "comparison.csv", "claims.csv", "audit.csv"),
        "<results>/r_tuning/figures",
        "<results>/r_tuning/data",  # see rule report
    localrule: True


rule r_tuning_data:
    output:
        directory("<results>/r_tuning/data"),
        record="<results>/r_tuning/runs/data.json",
    log:
        "<results>/r_tuning/logs/data.log",
    params:
        code=code_hash("papers.r_tuning.data"),
        settings=only(R_TUNING, "tasks", "unanswerable", "data_seed", "mirror"),
    shell:
        "python -m papers.r_tuning.data {STEP} --out {output[0]} --record {output.record} 2> {log}"


rule r_tuning_base:
    input:
        needs(R_TUNING.model),
        data="<results>/r_tuning/data",
    output:
        "<results>/r_tuning/scores/{task}/base.parquet",
        record="<results>/r_tuning/runs/{task}/base.json",
    log:
        "<results>/r_tuning/logs/{task}/base.log",
    priority: 1  # most trainings wait for it
    threads: max(1, workflow.cores // 2)
    resources:
        **R_TUNING.resources.model_dump(),
    params:
        code=code_hash("papers.r_tuning.evaluate"),
        settings=only(R_TUNING, *R_TUNING_ASKING),
        entropy=any(variant.method == "r-tuning-u" for variant in R_TUNING.variants.values()),
    shell:
        "python -m shared.workflow.launch papers.r_tuning.evaluate {STEP}"
        " --task {wildcards.task} --variant base"
        " --data {input.data} --out {output[0]} --record {output.record} 2> {log}"


def base_scores(wildcards):
    """Vanilla learns every gold answer; the others first ask what the base model knows."""
    if R_TUNING.variants[wildcards.variant].method == "vanilla":
        return []
    return f"<results>/r_tuning/scores/{wildcards.task}/base.parquet"


rule r_tuning_train:
    input:
        needs(R_TUNING.model),
        data="<results>/r_tuning/data",
        base=base_scores,
    output:
        directory("<results>/r_tuning/models/{task}/{variant}-s{seed}"),
        record="<results>/r_tuning/runs/{task}/train-{variant}-s{seed}.json",
    log:
        "<results>/r_tuning/logs/{task}/train-{variant}-s{seed}.log",
    threads: max(1, workflow.cores // 2)
    resources:
        **R_TUNING.to_train.model_dump(),
    params:
        code=code_hash("papers.r_tuning.train"),
        settings=only(R_TUNING, "model", "prompt", "block", "training"),
        variant=lambda wildcards: R_TUNING.variants[wildcards.variant].trained_by(),
        base=lambda wildcards, input: f"--base {input.base}" if input.base else "",
    shell:
        "python -m shared.workflow.launch --gpus {resources.gpu} --nodes {resources.nodes}"
        " papers.r_tuning.train {STEP} --task {wildcards.task}"
        " --variant {wildcards.variant} --seed {wildcards.seed}"
        " --data {input.data} {params.base} --out {output[0]} --record {output.record} 2> {log}"


def answers_to_check(wildcards):
    other = R_TUNING.variants[wildcards.variant].checks_answers_of
    return (
        f"<results>/r_tuning/scores/{wildcards.task}/{other}-s{wildcards.seed}.parquet"
        if other
        else []
    )


rule r_tuning_evaluate:
    input:
        needs(R_TUNING.model),
        data="<results>/r_tuning/data",
        trained="<results>/r_tuning/models/{task}/{variant}-s{seed}",
        answers=answers_to_check,
    output:
        "<results>/r_tuning/scores/{task}/{variant}-s{seed}.parquet",
        record="<results>/r_tuning/runs/{task}/evaluate-{variant}-s{seed}.json",
    log:
        "<results>/r_tuning/logs/{task}/evaluate-{variant}-s{seed}.log",
    threads: max(1, workflow.cores // 2)
    resources:
        **R_TUNING.resources.model_dump(),
    params:
        code=code_hash("papers.r_tuning.evaluate"),
        settings=only(R_TUNING, *R_TUNING_ASKING),
        variant=lambda wildcards: R_TUNING.variants[wildcards.variant].model_dump_json(
            exclude={"seeds", "tasks"}
        ),
        answers=lambda wildcards, input: f"--answers-of {input.answers}" if input.answers else "",
    shell:
        "python -m shared.workflow.launch papers.r_tuning.evaluate {STEP} --task {wildcards.task}"
        " --variant {wildcards.variant} --seed {wildcards.seed} --data {input.data}"
        " --trained {input.trained} {params.answers} --out {output[0]} --record {output.record}"
        " 2> {log}"


R_TUNING_SCORES = [
    f"<results>/r_tuning/scores/{task}/{variant}-s{seed}.parquet"
    for task, variant, seed in R_TUNING.runs()
] + [f"<results>/r_tuning/scores/{task}/base.parquet" for task in R_TUNING.tasks]


rule r_tuning_analyze:
    input:
        R_TUNING_SCORES,
    output:
        directory("<results>/r_tuning/tables"),
        cells="<results>/r_tuning/cells.csv",
        record="<results>/r_tuning/runs/analyze.json",
    log:
        "<results>/r_tuning/logs/analyze.log",
    params:
        code=code_hash("papers.r_tuning.analyze"),
        settings=only(R_TUNING, "model", "stand_ins", "tasks", "variants", "draws"),
    shell:
        "python -m papers.r_tuning.analyze {STEP} --scores {RESULTS}/r_tuning/scores"
        " --out {RESULTS}/r_tuning --record {output.record} 2> {log}"


rule r_tuning_figures:
    input:
        R_TUNING_SCORES,
        "<results>/r_tuning/cells.csv",
    output:
        report(directory("<results>/r_tuning/figures"), **figures_in_report("r_tuning")),
    log:
        "<results>/r_tuning/logs/figures.log",
    params:
        code=code_hash("papers.r_tuning.figures"),
    shell:
        "python -m papers.r_tuning.figures {STEP} --results {RESULTS}/r_tuning 2> {log}"
