"""KIE-HVQA: documents → features → base, cold start, GRPO → answers → tables and figures."""

KIE = SETUP.settings("kie_hvqa")
KIE_LINES = KIE.reads == "lines"  # then the OCR engine is asked too
KIE_ASKING = [
    "model",
    "prompt",
    "features_per_token",
    "answer_tokens",
    "batch_size",
    "batch_tokens",
]


rule kie_hvqa:
    input:
        multiext("<results>/kie_hvqa/", "comparison.csv", "claims.csv", "audit.csv"),
        "<results>/kie_hvqa/figures",
        "<results>/kie_hvqa/data",  # see rule report
    localrule: True


rule kie_hvqa_data:
    output:
        directory("<results>/kie_hvqa/data"),
        record="<results>/kie_hvqa/runs/data.json",
    log:
        "<results>/kie_hvqa/logs/data.log",
    params:
        code=code_hash("papers.kie_hvqa.data"),
        settings=only(KIE, "reads", "fonts", "spoiling", "sizes", "official", "data_seed"),
    shell:
        "python -m papers.kie_hvqa.data {STEP} --out {output[0]} --record {output.record} 2> {log}"


rule kie_hvqa_features:
    input:
        data="<results>/kie_hvqa/data",
    output:
        "<results>/kie_hvqa/features/{which}.npz",
        record="<results>/kie_hvqa/runs/features-{which}.json",
    log:
        "<results>/kie_hvqa/logs/features-{which}.log",
    priority: 2  # everything waits for them
    threads: max(1, workflow.cores // 2)
    params:
        code=code_hash("papers.kie_hvqa.features"),
    shell:
        "python -m shared.workflow.launch papers.kie_hvqa.features {STEP}"
        " --which {wildcards.which} --data {input.data}"
        " --out {output[0]} --record {output.record} 2> {log}"


def kie_features(which):
    """What the small model sees of the lines."""
    return [f"<results>/kie_hvqa/features/{which}.npz"] if KIE.small else []


def kie_start(wildcards):
    """The variant that a training goes on from: sft from base, a reward from sft."""
    before = {"base": None, "sft": "base"}.get(wildcards.variant, "sft")
    trained = before and KIE.trains(before)
    return f"<results>/kie_hvqa/models/{before}-s{wildcards.seed}" if trained else []


rule kie_hvqa_train:
    input:
        needs(KIE.model),
        data="<results>/kie_hvqa/data",
        start=kie_start,
        features=lambda wildcards: kie_features(
            "clean" if wildcards.variant == "base" else "degraded"
        ),
    output:
        directory("<results>/kie_hvqa/models/{variant}-s{seed}"),
        record="<results>/kie_hvqa/runs/train-{variant}-s{seed}.json",
    log:
        "<results>/kie_hvqa/logs/train-{variant}-s{seed}.log",
    priority: 1
    threads: max(1, workflow.cores // 2)
    resources:
        **KIE.to_train.model_dump(),
    params:
        code=code_hash("papers.kie_hvqa.train"),
        settings=lambda wildcards: KIE.training_of(wildcards.variant),
        start=lambda wildcards, input: f"--start {input.start}" if input.start else "",
        features=lambda wildcards, input: f"--features {input.features}" if input.features else "",
    shell:
        "python -m shared.workflow.launch --gpus {resources.gpu} --nodes {resources.nodes}"
        " papers.kie_hvqa.train {STEP} --variant {wildcards.variant}"
        " --seed {wildcards.seed} --data {input.data} {params.start} {params.features}"
        " --out {output[0]} --record {output.record} 2> {log}"


def kie_trained(wildcards):
    trained = f"<results>/kie_hvqa/models/{wildcards.variant}-s{wildcards.seed}"
    return trained if KIE.trains(wildcards.variant) else []


rule kie_hvqa_evaluate:
    input:
        needs(KIE.model),
        data="<results>/kie_hvqa/data",
        trained=kie_trained,
        features=kie_features("clean"),
    output:
        "<results>/kie_hvqa/scores/{variant}-s{seed}.parquet",
        record="<results>/kie_hvqa/runs/evaluate-{variant}-s{seed}.json",
    log:
        "<results>/kie_hvqa/logs/evaluate-{variant}-s{seed}.log",
    threads: max(1, workflow.cores // 2)
    resources:
        **KIE.resources.model_dump(),
    params:
        code=code_hash("papers.kie_hvqa.evaluate"),
        settings=only(KIE, *KIE_ASKING),
        trained=lambda wildcards, input: f"--trained {input.trained}" if input.trained else "",
        features=lambda wildcards, input: f"--features {input.features}" if input.features else "",
    shell:
        "python -m shared.workflow.launch papers.kie_hvqa.evaluate {STEP} --variant {wildcards.variant}"
        " --seed {wildcards.seed} --data {input.data} {params.trained} {params.features}"
        " --out {output[0]} --record {output.record} 2> {log}"


rule kie_hvqa_engine:
    input:
        data="<results>/kie_hvqa/data",
    output:
        "<results>/kie_hvqa/scores/engine.parquet",
        legibility="<results>/kie_hvqa/scores/legibility.parquet",
        record="<results>/kie_hvqa/runs/engine.json",
    log:
        "<results>/kie_hvqa/logs/engine.log",
    params:
        code=code_hash("papers.kie_hvqa.engine"),
    shell:
        "python -m shared.workflow.launch papers.kie_hvqa.engine {STEP}"
        " --data {input.data} --out {output[0]}"
        " --legibility {output.legibility} --record {output.record} 2> {log}"


KIE_RUNS = [f"{variant}-s{seed}" for variant, seed in KIE.runs()]
KIE_SCORES = expand("<results>/kie_hvqa/scores/{run}.parquet", run=KIE_RUNS) + (
    multiext("<results>/kie_hvqa/scores/", "engine.parquet", "legibility.parquet")
    if KIE_LINES
    else []
)


rule kie_hvqa_analyze:
    input:
        KIE_SCORES,
    output:
        directory("<results>/kie_hvqa/tables"),
        cells="<results>/kie_hvqa/cells.csv",
        record="<results>/kie_hvqa/runs/analyze.json",
    log:
        "<results>/kie_hvqa/logs/analyze.log",
    params:
        code=code_hash("papers.kie_hvqa.analyze"),
        settings=only(KIE, "model", "reads", "stand_ins", "base", "rewards", "seeds", "draws"),
    shell:
        "python -m papers.kie_hvqa.analyze {STEP} --scores {RESULTS}/kie_hvqa/scores"
        " --out {RESULTS}/kie_hvqa --record {output.record} 2> {log}"


rule kie_hvqa_figures:
    input:
        KIE_SCORES,
        "<results>/kie_hvqa/cells.csv",
        "<results>/kie_hvqa/data",
    output:
        report(directory("<results>/kie_hvqa/figures"), **figures_in_report("kie_hvqa")),
    log:
        "<results>/kie_hvqa/logs/figures.log",
    params:
        code=code_hash("papers.kie_hvqa.figures"),
    shell:
        "python -m papers.kie_hvqa.figures {STEP} --results {RESULTS}/kie_hvqa 2> {log}"
