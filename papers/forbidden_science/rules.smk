"""Forbidden Science: published labels, and prompts → replies → judges → tables and figures."""

FORBIDDEN_SCIENCE = SETUP.settings("forbidden_science")
FORBIDDEN_SCIENCE_RUNS = FORBIDDEN_SCIENCE.runs()


rule forbidden_science:
    input:
        multiext("<results>/forbidden_science/", "comparison.csv", "claims.csv", "audit.csv"),
        "<results>/forbidden_science/figures",
        "<results>/forbidden_science/data",  # see rule report
    localrule: True


rule forbidden_science_data:
    input:
        multiext("papers/forbidden_science/", "substances.yaml", "questions.yaml"),
    output:
        directory("<results>/forbidden_science/data"),
        record="<results>/forbidden_science/runs/data.json",
    log:
        "<results>/forbidden_science/logs/data.log",
    params:
        code=code_hash("papers.forbidden_science.data"),
        settings=only(
            FORBIDDEN_SCIENCE,
            "agents_per_template",
            "industrial",
            "environmental",
            "variations",
            "data_seed",
        ),
    shell:
        "python -m papers.forbidden_science.data {STEP} --out {output[0]}"
        " --record {output.record} 2> {log}"


rule forbidden_science_ask:
    input:
        lambda wildcards: needs(FORBIDDEN_SCIENCE_RUNS[wildcards.run].model),
        data="<results>/forbidden_science/data",
    output:
        "<results>/forbidden_science/replies/{run}.jsonl",
        record="<results>/forbidden_science/runs/ask-{run}.json",
    log:
        "<results>/forbidden_science/logs/ask-{run}.log",
    threads: max(1, workflow.cores // max(1, len(FORBIDDEN_SCIENCE_RUNS)))
    resources:
        **FORBIDDEN_SCIENCE.resources.model_dump(),
    params:
        code=code_hash("papers.forbidden_science.ask"),
        settings=only(FORBIDDEN_SCIENCE, "reply_tokens", "batch_size", "batch_tokens"),
        run=lambda wildcards: FORBIDDEN_SCIENCE_RUNS[wildcards.run].model_dump_json(),
    shell:
        "python -m shared.workflow.launch papers.forbidden_science.ask {STEP}"
        " --run {wildcards.run} --data {input.data}"
        " --out {output[0]} --record {output.record} 2> {log}"


FORBIDDEN_SCIENCE_SCORES = [
    *expand("<results>/forbidden_science/scores/live-{run}.parquet", run=FORBIDDEN_SCIENCE_RUNS),
    "<results>/forbidden_science/scores/judges.parquet",
]


rule forbidden_science_evaluate:
    input:
        [model for name in FORBIDDEN_SCIENCE.judges for model in judge_needs(name)],
        expand("<results>/forbidden_science/replies/{run}.jsonl", run=FORBIDDEN_SCIENCE_RUNS),
        data="<results>/forbidden_science/data",
    output:
        FORBIDDEN_SCIENCE_SCORES,
        record="<results>/forbidden_science/runs/evaluate.json",
    log:
        "<results>/forbidden_science/logs/evaluate.log",
    threads: workflow.cores
    resources:
        **FORBIDDEN_SCIENCE.resources.model_dump(),
    params:
        code=code_hash("papers.forbidden_science.evaluate"),
        settings=only(FORBIDDEN_SCIENCE, "judges", "human_labels", "batch_size", "batch_tokens"),
        mirror=mirror_in_use(FORBIDDEN_SCIENCE.mirror),
    shell:
        "python -m shared.workflow.launch papers.forbidden_science.evaluate {STEP} --data {input.data}"
        " --replies {RESULTS}/forbidden_science/replies"
        " --out {RESULTS}/forbidden_science/scores --record {output.record} 2> {log}"


rule forbidden_science_analyze:
    input:
        FORBIDDEN_SCIENCE_SCORES,
        multiext("papers/forbidden_science/", "labels.csv", "reported.csv"),
    output:
        directory("<results>/forbidden_science/tables"),
        cells="<results>/forbidden_science/cells.csv",
        record="<results>/forbidden_science/runs/analyze.json",
    log:
        "<results>/forbidden_science/logs/analyze.log",
    params:
        code=code_hash("papers.forbidden_science.analyze"),
        settings=only(FORBIDDEN_SCIENCE, "model", "models", "stand_ins", "variations", "draws"),
    shell:
        "python -m papers.forbidden_science.analyze {STEP}"
        " --scores {RESULTS}/forbidden_science/scores --out {RESULTS}/forbidden_science"
        " --record {output.record} 2> {log}"


rule forbidden_science_figures:
    input:
        FORBIDDEN_SCIENCE_SCORES,
        multiext("papers/forbidden_science/", "labels.csv", "reported.csv"),
        "<results>/forbidden_science/cells.csv",
    output:
        report(
            directory("<results>/forbidden_science/figures"),
            **figures_in_report("forbidden_science"),
        ),
    log:
        "<results>/forbidden_science/logs/figures.log",
    params:
        code=code_hash("papers.forbidden_science.figures"),
    shell:
        "python -m papers.forbidden_science.figures {STEP}"
        " --results {RESULTS}/forbidden_science 2> {log}"
