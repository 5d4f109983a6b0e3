"""ReSA: queries, plans, analyses → fine-tuning and reinforcement → replies → tables and figures."""

RESA = SETUP.settings("resa")


rule resa:
    input:
        multiext("<results>/resa/", "comparison.csv", "claims.csv", "audit.csv"),
        "<results>/resa/figures",
        "<results>/resa/data",  # see rule report
    localrule: True


rule resa_data:
    input:
        "papers/resa/house_rules.yaml",
    output:
        directory("<results>/resa/data"),
        record="<results>/resa/runs/data.json",
    log:
        "<results>/resa/logs/data.log",
    params:
        code=code_hash("papers.resa.data"),
        settings=only(
            RESA,
            "queries",
            "facts",
            "faulty",
            "generators",
            "released",
            "tests",
            "wording",
            "data_seed",
        ),
        prefilled=any(variant.prefilled for variant in RESA.variants.values()),
        mirror=mirror_in_use(RESA.mirror),
    shell:
        "python -m papers.resa.data {STEP} --out {output[0]} --record {output.record} 2> {log}"


def resa_start(wildcards):
    """Reinforcement may go on from a fine-tuned variant of the same seed."""
    start = RESA.variants[wildcards.variant].starts_from
    return f"<results>/resa/models/{start}-s{wildcards.seed}" if start else []


rule resa_train:
    input:
        needs(RESA.model),
        data="<results>/resa/data",
        start=resa_start,
    output:
        directory("<results>/resa/models/{variant}-s{seed}"),
        record="<results>/resa/runs/train-{variant}-s{seed}.json",
    log:
        "<results>/resa/logs/train-{variant}-s{seed}.log",
    priority: 1  # reinforcement and all evaluations wait for it
    threads: max(1, workflow.cores // 2)
    resources:
        **RESA.to_train.model_dump(),
    params:
        code=code_hash("papers.resa.train"),
        settings=only(RESA, "model", "system", "wording", "training", "data_seed"),
        variant=lambda wildcards: RESA.variants[wildcards.variant].trained_by(),
        reinforcement=lambda wildcards: (
            RESA.model_dump_json(
                include={"reinforcement", "reinforcement_prompt", "reinforcement_outer"}
            )
            if RESA.variants[wildcards.variant].reinforced
            else ""
        ),
        start=lambda wildcards, input: f"--start {input.start}" if input.start else "",
    shell:
        "python -m shared.workflow.launch --gpus {resources.gpu} --nodes {resources.nodes}"
        " papers.resa.train {STEP} --variant {wildcards.variant}"
        " --seed {wildcards.seed} --data {input.data} {params.start} --out {output[0]}"
        " --record {output.record} 2> {log}"


RESA_ASKING = [
    "model",
    "system",
    "wording",
    "judges",
    "guard",
    "attacker",
    "harness",
    "tests",
    "reply_tokens",
    "opening_tokens",
    "batch_size",
    "batch_tokens",
]


rule resa_base:
    input:
        needs(RESA.model),
        data="<results>/resa/data",
    output:
        "<results>/resa/scores/base.parquet",
        record="<results>/resa/runs/evaluate-base.json",
    log:
        "<results>/resa/logs/evaluate-base.log",
    threads: max(1, workflow.cores // 2)
    resources:
        **RESA.resources.model_dump(),
    params:
        code=code_hash("papers.resa.evaluate"),
        settings=only(RESA, *RESA_ASKING),
    shell:
        "python -m shared.workflow.launch papers.resa.evaluate {STEP} --variant base --data {input.data}"
        " --out {output[0]} --record {output.record} 2> {log}"


rule resa_evaluate:
    input:
        needs(RESA.model),
        data="<results>/resa/data",
        trained="<results>/resa/models/{variant}-s{seed}",
    output:
        "<results>/resa/scores/{variant}-s{seed}.parquet",
        record="<results>/resa/runs/evaluate-{variant}-s{seed}.json",
    log:
        "<results>/resa/logs/evaluate-{variant}-s{seed}.log",
    threads: max(1, workflow.cores // 2)
    resources:
        **RESA.resources.model_dump(),
    params:
        code=code_hash("papers.resa.evaluate"),
        settings=only(RESA, *RESA_ASKING, "reinforcement_prompt", "reinforcement_outer"),
        variant=lambda wildcards: RESA.variants[wildcards.variant].model_dump_json(
            exclude={"seeds", "method"}
        ),
    shell:
        "python -m shared.workflow.launch papers.resa.evaluate {STEP} --variant {wildcards.variant}"
        " --seed {wildcards.seed} --data {input.data} --trained {input.trained}"
        " --out {output[0]} --record {output.record} 2> {log}"


RESA_SCORES = [
    "<results>/resa/scores/base.parquet",
    *(f"<results>/resa/scores/{variant}-s{seed}.parquet" for variant, seed in RESA.runs()),
]


rule resa_analyze:
    input:
        RESA_SCORES,
    output:
        directory("<results>/resa/tables"),
        cells="<results>/resa/cells.csv",
        record="<results>/resa/runs/analyze.json",
    log:
        "<results>/resa/logs/analyze.log",
    params:
        code=code_hash("papers.resa.analyze"),
        settings=only(RESA, "model", "stand_ins", "variants", "draws"),
    shell:
        "python -m papers.resa.analyze {STEP} --scores {RESULTS}/resa/scores"
        " --out {RESULTS}/resa --record {output.record} 2> {log}"


rule resa_figures:
    input:
        RESA_SCORES,
        "<results>/resa/cells.csv",
        "papers/resa/reported.csv",
    output:
        report(directory("<results>/resa/figures"), **figures_in_report("resa")),
    log:
        "<results>/resa/logs/figures.log",
    params:
        code=code_hash("papers.resa.figures"),
    shell:
        "python -m papers.resa.figures {STEP} --results {RESULTS}/resa 2> {log}"
