"""CenterBench: sentences and questions → replies → both scorers → tables and figures."""

CENTER_BENCH = SETUP.settings("center_bench")
CENTER_BENCH_RUNS = CENTER_BENCH.runs()


rule center_bench:
    input:
        multiext("<results>/center_bench/", "comparison.csv", "claims.csv", "audit.csv"),
        "<results>/center_bench/figures",
        "<results>/center_bench/data",  # see rule report
    localrule: True


rule center_bench_data:
    input:
        "papers/center_bench/vocabulary.yaml",
    output:
        directory("<results>/center_bench/data"),
        official="<results>/center_bench/scores/official_data.parquet",
        record="<results>/center_bench/runs/data.json",
    log:
        "<results>/center_bench/logs/data.log",
    params:
        code=code_hash("papers.center_bench.data"),
        settings=only(CENTER_BENCH, "data_seed", "sentences", "official"),
        mirror=mirror_in_use(CENTER_BENCH.mirror),
    shell:
        "python -m papers.center_bench.data {STEP} --out {output[0]}"
        " --official-data {output.official} --record {output.record} 2> {log}"


rule center_bench_ask:
    input:
        lambda wildcards: needs(CENTER_BENCH_RUNS[wildcards.run].model),
        data="<results>/center_bench/data",
    output:
        "<results>/center_bench/replies/{run}.parquet",
        record="<results>/center_bench/runs/ask-{run}.json",
    log:
        "<results>/center_bench/logs/ask-{run}.log",
    threads: max(1, workflow.cores // max(1, len(CENTER_BENCH_RUNS)))
    resources:
        **CENTER_BENCH.resources.model_dump(),
    params:
        code=code_hash("papers.center_bench.ask"),
        settings=only(CENTER_BENCH, "asked", "max_new_tokens", "batch_size", "batch_tokens"),
        run=lambda wildcards: CENTER_BENCH_RUNS[wildcards.run].model_dump_json(),
    shell:
        "python -m shared.workflow.launch papers.center_bench.ask {STEP}"
        " --run {wildcards.run} --data {input.data}"
        " --out {output[0]} --record {output.record} 2> {log}"


CENTER_BENCH_SCORES = expand(
    "<results>/center_bench/scores/{run}.parquet",
    run=[*CENTER_BENCH_RUNS, *CENTER_BENCH.solvers, "scorer_audit"],
)


# All runs at once: the lemmas and embeddings of the answers they share are computed once.
rule center_bench_evaluate:
    input:
        expand("<results>/center_bench/replies/{run}.parquet", run=CENTER_BENCH_RUNS),
        data="<results>/center_bench/data",
    output:
        CENTER_BENCH_SCORES,
        record="<results>/center_bench/runs/evaluate.json",
    log:
        "<results>/center_bench/logs/evaluate.log",
    threads: max(1, workflow.cores // 2)
    resources:
        **CENTER_BENCH.resources.model_dump(),
    params:
        code=code_hash("papers.center_bench.evaluate"),
        settings=only(CENTER_BENCH, "asked", "solvers", "similarity"),
    shell:
        "python -m shared.workflow.launch papers.center_bench.evaluate {STEP} --data {input.data}"
        " --replies {RESULTS}/center_bench/replies --out {RESULTS}/center_bench/scores"
        " --record {output.record} 2> {log}"


rule center_bench_analyze:
    input:
        CENTER_BENCH_SCORES,
        "<results>/center_bench/scores/official_data.parquet",
    output:
        directory("<results>/center_bench/tables"),
        cells="<results>/center_bench/cells.csv",
        record="<results>/center_bench/runs/analyze.json",
    log:
        "<results>/center_bench/logs/analyze.log",
    params:
        code=code_hash("papers.center_bench.analyze"),
        settings=only(CENTER_BENCH, "model", "models", "solvers", "stand_ins", "draws"),
    shell:
        "python -m papers.center_bench.analyze {STEP} --scores {RESULTS}/center_bench/scores"
        " --out {RESULTS}/center_bench --record {output.record} 2> {log}"


rule center_bench_figures:
    input:
        CENTER_BENCH_SCORES,
        "<results>/center_bench/cells.csv",
    output:
        report(directory("<results>/center_bench/figures"), **figures_in_report("center_bench")),
    log:
        "<results>/center_bench/logs/figures.log",
    params:
        code=code_hash("papers.center_bench.figures"),
    shell:
        "python -m papers.center_bench.figures {STEP} --results {RESULTS}/center_bench 2> {log}"
