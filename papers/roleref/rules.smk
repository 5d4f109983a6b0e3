"""RoleRef: questions → fine-tuning → states and replies → probes and rules → tables and figures."""

ROLEREF = SETUP.settings("roleref")
ROLEREF_BASE = "<results>/roleref/states/prompting.safetensors"
ROLEREF_ASKING = ["model", "reply_tokens", "replies", "batch_size", "batch_tokens"]


rule roleref:
    input:
        multiext("<results>/roleref/", "comparison.csv", "claims.csv", "audit.csv"),
        "<results>/roleref/figures",
        "<results>/roleref/data",  # see rule report
    localrule: True


rule roleref_data:
    input:
        "papers/roleref/invented.yaml",
        expand("papers/roleref/works/{work}.yaml", work=ROLEREF.works),
    output:
        directory("<results>/roleref/data"),
        record="<results>/roleref/runs/data.json",
    log:
        "<results>/roleref/logs/data.log",
    params:
        code=code_hash("papers.roleref.data"),
        settings=only(
            ROLEREF, "data_path", "works", "counts", "test_facts", "test_events", "data_seed"
        ),
    shell:
        "python -m papers.roleref.data {STEP} --out {output[0]} --record {output.record} 2> {log}"


rule roleref_train:
    input:
        needs(ROLEREF.model),
        data="<results>/roleref/data",
    output:
        directory("<results>/roleref/models/{variant}"),
        record="<results>/roleref/runs/train-{variant}.json",
    log:
        "<results>/roleref/logs/train-{variant}.log",
    priority: 1  # the largest steps, and asking the trained models waits for them
    threads: max(1, workflow.cores // 2)
    resources:
        **ROLEREF.to_train.model_dump(),
    params:
        code=code_hash("papers.roleref.train"),
        settings=only(ROLEREF, "model", "trained_questions", "turns", "reply_tokens"),
        variant=lambda wildcards: ROLEREF.variants[wildcards.variant].model_dump_json(),
    shell:
        "python -m shared.workflow.launch --gpus {resources.gpu} --nodes {resources.nodes}"
        " papers.roleref.train {STEP} --variant {wildcards.variant} --data {input.data}"
        " --out {output[0]} --record {output.record} 2> {log}"


def roleref_trained(wildcards):
    trains = ROLEREF.variants[wildcards.variant].training
    return f"<results>/roleref/models/{wildcards.variant}" if trains else []


def roleref_base(wildcards):
    """The hidden states of the model before any change, which vectors are made of."""
    return ROLEREF_BASE if ROLEREF.variants[wildcards.variant].edit else []


rule roleref_ask:
    input:
        needs(ROLEREF.model),
        "papers/roleref/ordinary.yaml",
        data="<results>/roleref/data",
        trained=roleref_trained,
        base=roleref_base,
    output:
        replies="<results>/roleref/replies/{variant}.json",
        states="<results>/roleref/states/{variant}.safetensors",
        record="<results>/roleref/runs/ask-{variant}.json",
    log:
        "<results>/roleref/logs/ask-{variant}.log",
    wildcard_constraints:
        variant="|".join(ROLEREF.variants),
    priority: 1  # the sweep and editing wait for prompting
    threads: max(1, workflow.cores // 2)
    resources:
        **ROLEREF.resources.model_dump(),
    params:
        code=code_hash("papers.roleref.ask"),
        settings=only(ROLEREF, *ROLEREF_ASKING),
        variant=lambda wildcards: ROLEREF.variants[wildcards.variant].model_dump_json(),
        trained=lambda wildcards, input: f"--trained {input.trained}" if input.trained else "",
        base=lambda wildcards, input: f"--base {input.base}" if input.base else "",
    shell:
        "python -m shared.workflow.launch papers.roleref.ask {STEP}"
        " --variant {wildcards.variant} --data {input.data}"
        " {params.trained} {params.base} --out {output.replies} --states {output.states}"
        " --record {output.record} 2> {log}"


rule roleref_sweep:
    input:
        needs(ROLEREF.model),
        "papers/roleref/ordinary.yaml",
        data="<results>/roleref/data",
        base=ROLEREF_BASE,
    output:
        "<results>/roleref/replies/sweep.json",
        record="<results>/roleref/runs/sweep.json",
    log:
        "<results>/roleref/logs/sweep.log",
    threads: max(1, workflow.cores // 2)
    resources:
        **ROLEREF.resources.model_dump(),
    params:
        code=code_hash("papers.roleref.sweep"),
        settings=only(ROLEREF, "sweep", *ROLEREF_ASKING),
    shell:
        "python -m shared.workflow.launch papers.roleref.sweep {STEP}"
        " --data {input.data} --base {input.base}"
        " --out {output[0]} --record {output.record} 2> {log}"


ROLEREF_SCORES = expand(
    "<results>/roleref/scores/{part}.parquet",
    part=["replies", "sweep", "ordinary", "probes", "geometry", "methods_map", "cost"],
)


rule roleref_evaluate:
    input:
        needs(ROLEREF.rubric) if ROLEREF.rubric else [],
        expand("<results>/roleref/states/{variant}.safetensors", variant=ROLEREF.variants),
        expand("<results>/roleref/replies/{name}.json", name=[*ROLEREF.variants, "sweep"]),
        data="<results>/roleref/data",
    output:
        ROLEREF_SCORES,
        record="<results>/roleref/runs/evaluate.json",
    log:
        "<results>/roleref/logs/evaluate.log",
    threads: workflow.cores
    resources:
        **ROLEREF.resources.model_dump(),
    params:
        code=code_hash("papers.roleref.evaluate"),
        settings=only(ROLEREF, "variants", "probes", "rubric"),
    shell:
        "python -m shared.workflow.launch papers.roleref.evaluate {STEP} --data {input.data}"
        " --replies {RESULTS}/roleref/replies --states {RESULTS}/roleref/states"
        " --out {RESULTS}/roleref/scores --record {output.record} 2> {log}"


rule roleref_analyze:
    input:
        ROLEREF_SCORES,
    output:
        directory("<results>/roleref/tables"),
        cells="<results>/roleref/cells.csv",
        record="<results>/roleref/runs/analyze.json",
    log:
        "<results>/roleref/logs/analyze.log",
    params:
        code=code_hash("papers.roleref.analyze"),
        settings=only(ROLEREF, "model", "stand_ins", "variants", "sweep", "draws"),
    shell:
        "python -m papers.roleref.analyze {STEP} --scores {RESULTS}/roleref/scores"
        " --out {RESULTS}/roleref --record {output.record} 2> {log}"


rule roleref_figures:
    input:
        ROLEREF_SCORES,
        "papers/roleref/reported.csv",
        "<results>/roleref/cells.csv",
    output:
        report(directory("<results>/roleref/figures"), **figures_in_report("roleref")),
    log:
        "<results>/roleref/logs/figures.log",
    params:
        code=code_hash("papers.roleref.figures"),
    shell:
        "python -m papers.roleref.figures {STEP} --results {RESULTS}/roleref 2> {log}"
