"""SafeEraser: pictures → vanilla → unlearning → answers → table and figures."""

SAFE_ERASER = SETUP.settings("safe_eraser")
SAFE_ERASER_ASKING = [
    "model",
    "benchmark",
    "specificity",
    "judge",
    "probe",
    "samples",
    "temperature",
    "top_p",
    "answer_tokens",
    "batch_size",
    "batch_tokens",
]
# Vanilla is trained here, or is the model of the scale as it is.
SAFE_ERASER_VANILLA = "<results>/safe_eraser/models/vanilla-s0" if SAFE_ERASER.vanilla else []


rule safe_eraser:
    input:
        multiext("<results>/safe_eraser/", "comparison.csv", "claims.csv", "audit.csv"),
        "<results>/safe_eraser/figures",
        "<results>/safe_eraser/data",  # see rule report
    localrule: True


rule safe_eraser_data:
    output:
        directory("<results>/safe_eraser/data"),
        record="<results>/safe_eraser/runs/data.json",
    log:
        "<results>/safe_eraser/logs/data.log",
    params:
        code=code_hash("papers.safe_eraser.data"),
        settings=only(SAFE_ERASER, "generated", "benchmark", "data_seed"),
    shell:
        "python -m papers.safe_eraser.data {STEP} --out {output[0]} --record {output.record}"
        " 2> {log}"


rule safe_eraser_vanilla:
    input:
        needs(SAFE_ERASER.model),
        data="<results>/safe_eraser/data",
    output:
        directory("<results>/safe_eraser/models/vanilla-s0"),
        record="<results>/safe_eraser/runs/train-vanilla-s0.json",
    log:
        "<results>/safe_eraser/logs/train-vanilla-s0.log",
    threads: workflow.cores  # nothing else can run before it is there
    resources:
        **SAFE_ERASER.resources.model_dump(),
    params:
        code=code_hash("papers.safe_eraser.train"),
        settings=only(SAFE_ERASER, "model", "vanilla", "data_seed"),
    shell:
        "python -m shared.workflow.launch papers.safe_eraser.train {STEP} --variant vanilla --seed 0"
        " --data {input.data} --out {output[0]} --record {output.record} 2> {log}"


rule safe_eraser_train:
    input:
        needs(SAFE_ERASER.model),
        data="<results>/safe_eraser/data",
        vanilla=SAFE_ERASER_VANILLA,
        answers="<results>/safe_eraser/scores/vanilla-s0.parquet",
    output:
        directory("<results>/safe_eraser/models/{variant}-s{seed}"),
        record="<results>/safe_eraser/runs/train-{variant}-s{seed}.json",
    log:
        "<results>/safe_eraser/logs/train-{variant}-s{seed}.log",
    wildcard_constraints:
        variant="(?!vanilla).+",
    threads: max(1, workflow.cores // 2)
    resources:
        **SAFE_ERASER.resources.model_dump(),
    params:
        code=code_hash("papers.safe_eraser.train"),
        settings=only(SAFE_ERASER, "model", "unlearning", "snapshots"),
        variant=lambda wildcards: SAFE_ERASER.variants[wildcards.variant].trained_by(),
        vanilla=lambda wildcards, input: f"--vanilla {input.vanilla}" if input.vanilla else "",
    shell:
        "python -m shared.workflow.launch papers.safe_eraser.train {STEP} --variant {wildcards.variant}"
        " --seed {wildcards.seed} --data {input.data} {params.vanilla} --answers {input.answers}"
        " --out {output[0]} --record {output.record} 2> {log}"


def trained_variant(wildcards):
    """The variant's folder and vanilla's answers; vanilla itself needs neither."""
    if wildcards.variant == "vanilla":
        return []
    return [
        f"<results>/safe_eraser/models/{wildcards.variant}-s{wildcards.seed}",
        "<results>/safe_eraser/scores/vanilla-s0.parquet",
    ]


rule safe_eraser_evaluate:
    input:
        needs(SAFE_ERASER.model),
        data="<results>/safe_eraser/data",
        vanilla=SAFE_ERASER_VANILLA,
        trained=trained_variant,
    output:
        "<results>/safe_eraser/scores/{variant}-s{seed}.parquet",
        record="<results>/safe_eraser/runs/evaluate-{variant}-s{seed}.json",
    log:
        "<results>/safe_eraser/logs/evaluate-{variant}-s{seed}.log",
    threads: max(1, workflow.cores // 2)
    resources:
        **SAFE_ERASER.resources.model_dump(),
    params:
        code=code_hash("papers.safe_eraser.evaluate"),
        settings=only(SAFE_ERASER, *SAFE_ERASER_ASKING),
        vanilla=lambda wildcards, input: f"--vanilla {input.vanilla}" if input.vanilla else "",
        trained=lambda wildcards, input: (
            f"--trained {input.trained[0]} --answers {input.trained[1]}" if input.trained else ""
        ),
    shell:
        "python -m shared.workflow.launch papers.safe_eraser.evaluate {STEP} --variant {wildcards.variant}"
        " --seed {wildcards.seed} --data {input.data} {params.vanilla} {params.trained}"
        " --out {output[0]} --record {output.record} 2> {log}"


SAFE_ERASER_SCORES = [
    f"<results>/safe_eraser/scores/{variant}-s{seed}.parquet"
    for variant, seed in SAFE_ERASER.runs()
]


rule safe_eraser_analyze:
    input:
        SAFE_ERASER_SCORES,
    output:
        directory("<results>/safe_eraser/tables"),
        cells="<results>/safe_eraser/cells.csv",
        record="<results>/safe_eraser/runs/analyze.json",
    log:
        "<results>/safe_eraser/logs/analyze.log",
    params:
        code=code_hash("papers.safe_eraser.analyze"),
        settings=only(SAFE_ERASER, "model", "stand_ins", "variants", "draws"),
    shell:
        "python -m papers.safe_eraser.analyze {STEP} --scores {RESULTS}/safe_eraser/scores"
        " --out {RESULTS}/safe_eraser --record {output.record} 2> {log}"


rule safe_eraser_figures:
    input:
        SAFE_ERASER_SCORES,
        "<results>/safe_eraser/data",
        "<results>/safe_eraser/cells.csv",
    output:
        report(directory("<results>/safe_eraser/figures"), **figures_in_report("safe_eraser")),
    log:
        "<results>/safe_eraser/logs/figures.log",
    params:
        code=code_hash("papers.safe_eraser.figures"),
    shell:
        "python -m papers.safe_eraser.figures {STEP} --results {RESULTS}/safe_eraser 2> {log}"
