"""CenterBench: questions → replies of a model → both scorers; and what needs no language model."""

import re

CENTER_BENCH_READERS = (
    "|".join(re.escape(each.name) for each in SETUP.each("center_bench") if each.small) or "-"
)  # which is the name of none


ruleorder: center_bench_ask_reader > center_bench_ask


rule center_bench_ask:
    input:
        SETUP.weights("papers.center_bench.ask"),
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


rule center_bench_train:
    input:
        data="<results>/center_bench/data",
    output:
        SETUP.model_folder("<results>/center_bench/models/{model}/s{seed}"),
        record="<results>/center_bench/runs/{model}/train-s{seed}.json",
    log:
        "<results>/center_bench/logs/{model}/train-s{seed}.log",
    threads: HALF
    resources:
        **SETUP.resources("center_bench", train=True),
    params:
        **SETUP.step("papers.center_bench.train"),
    shell:
        "python -m shared.workflow.launch --gpus {resources.gpu} --nodes {resources.nodes}"
        " {params.step} 2> {log:q}"


# A reader that was trained here, by the same step.
use rule center_bench_ask as center_bench_ask_reader with:
    input:
        trained="<results>/center_bench/models/{model}/s{seed}",
        data="<results>/center_bench/data",
    output:
        "<results>/center_bench/replies/{model}/{variant}-s{seed}.parquet",
        record="<results>/center_bench/runs/{model}/ask-{variant}-s{seed}.json",
    log:
        "<results>/center_bench/logs/{model}/ask-{variant}-s{seed}.log",
    wildcard_constraints:
        model=CENTER_BENCH_READERS,
        seed=r"\d+",


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
