"""Forbidden Science: prompts → flags and replies of a model → judges; and the judges themselves."""


rule forbidden_science_ask:
    input:
        SETUP.weights("forbidden_science"),
        data="<results>/forbidden_science/data",
    output:
        "<results>/forbidden_science/replies/{model}.jsonl",
        record="<results>/forbidden_science/runs/{model}/ask.json",
    log:
        "<results>/forbidden_science/logs/{model}/ask.log",
    threads: HALF
    resources:
        **SETUP.resources("forbidden_science"),
    params:
        **SETUP.step("papers.forbidden_science.ask"),
    shell:
        "python -m shared.workflow.launch {params.step} 2> {log:q}"


FORBIDDEN_SCIENCE_JUDGES = [
    file for judge in SETUP.settings("forbidden_science").judges for file in judge_needs(judge)
]


rule forbidden_science_evaluate:
    input:
        FORBIDDEN_SCIENCE_JUDGES,
        data="<results>/forbidden_science/data",
        replies="<results>/forbidden_science/replies/{model}.jsonl",
    output:
        "<results>/forbidden_science/scores/{model}/live.parquet",
        record="<results>/forbidden_science/runs/{model}/evaluate.json",
    log:
        "<results>/forbidden_science/logs/{model}/evaluate.log",
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
        FORBIDDEN_SCIENCE_JUDGES,
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
