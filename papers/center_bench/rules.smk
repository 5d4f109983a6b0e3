"""CenterBench: questions → replies of a model → both scorers; and what needs no language model."""


rule center_bench_ask:
    input:
        SETUP.weights("center_bench"),
        data="<results>/center_bench/data",
    output:
        "<results>/center_bench/replies/{model}/{variant}.parquet",
        record="<results>/center_bench/runs/{model}/ask-{variant}.json",
    log:
        "<results>/center_bench/logs/{model}/ask-{variant}.log",
    threads: HALF
    resources:
        **SETUP.resources("center_bench"),
    params:
        **SETUP.step("papers.center_bench.ask"),
    shell:
        "python -m shared.workflow.launch {params.step} 2> {log:q}"


rule center_bench_evaluate:
    input:
        data="<results>/center_bench/data",
        replies="<results>/center_bench/replies/{model}/{variant}.parquet",
    output:
        "<results>/center_bench/scores/{model}/{variant}.parquet",
        record="<results>/center_bench/runs/{model}/evaluate-{variant}.json",
    log:
        "<results>/center_bench/logs/{model}/evaluate-{variant}.log",
    threads: HALF
    resources:
        **SETUP.resources("center_bench", gpu=False),
    params:
        **SETUP.step("papers.center_bench.evaluate"),
    shell:
        "python -m shared.workflow.launch {params.step} 2> {log:q}"


rule center_bench_reference:
    input:
        data="<results>/center_bench/data",
    output:
        expand(
            "<results>/center_bench/scores/{name}.parquet",
            name=SETUP.settings("center_bench").common_scores(),
        ),
        record="<results>/center_bench/runs/reference.json",
    log:
        "<results>/center_bench/logs/reference.log",
    threads: HALF
    resources:
        **SETUP.resources("center_bench", gpu=False),
    params:
        **SETUP.step("papers.center_bench.reference"),
    shell:
        "python -m shared.workflow.launch {params.step} 2> {log:q}"
