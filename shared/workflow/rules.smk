"""Rules that papers share: the bundled model, data, analysis, figures, the report."""

import shlex


rule bundled_model:
    output:
        directory("resources/models/smollm2-135m-instruct-q4_1"),
    log:
        "resources/logs/bundled_model.log",
    priority: 1000  # half a minute, and papers wait for it
    resources:
        mem_mb=3000,
        runtime=5,
    params:
        code=code_hash("shared.models.bundled"),
    shell:
        "python -m shared.models.bundled --out {output} 2> {log:q}"


# Everything of a scale that comes from elsewhere, pinned and checked. Afterwards a run needs no
# network: HF_HUB_OFFLINE=1.
rule fetch:
    params:
        run=shlex.join([*SETUP.papers, *SETUP.arguments, *SETUP.chosen]),
    shell:
        "python -m shared.data.fetch {params.run}"


# What a paper ends in: `snakemake r_tuning`.
for paper in SETUP.papers:

    rule:
        name:
            paper
        input:
            multiext(f"<results>/{paper}/", "comparison.csv", "claims.csv", "audit.csv"),
            [] if SETUP.items else f"<results>/{paper}/report.html",
            f"<results>/{paper}/data",  # see rule report
        localrule: True


# The examples of a paper, for all its models.
rule data:
    input:
        lambda wildcards: SETUP.weights(f"papers.{wildcards.paper}.data")(wildcards),
    output:
        directory("<results>/{paper}/data"),
        record="<results>/{paper}/runs/data.json",
    log:
        "<results>/{paper}/logs/data.log",
    priority: 1000
    resources:
        mem_mb=lambda wildcards: SETUP.settings(wildcards.paper).resources.mem_mb,
        disk_mb=lambda wildcards: SETUP.settings(wildcards.paper).resources.disk_mb,
        runtime=lambda wildcards: SETUP.settings(wildcards.paper).resources.runtime,
    params:
        **SETUP.shared_step("data"),
    shell:
        "python -m {params.step} 2> {log:q}"


# From scores to cells and tables; claims, reported against reproduced cells, and the audit of the
# paper's own arithmetic.
rule analyze:
    input:
        scores=lambda wildcards: SETUP.scores(wildcards.paper),
        reported="papers/{paper}/reported.csv",
        claims="papers/{paper}/paper.yaml",
    output:
        report("<results>/{paper}/claims.csv", **table_in_report("claims")),
        report("<results>/{paper}/comparison.csv", **table_in_report("comparison")),
        report("<results>/{paper}/audit.csv", **table_in_report("audit")),
        directory("<results>/{paper}/tables"),
        cells="<results>/{paper}/cells.csv",
        record="<results>/{paper}/runs/analyze.json",
    log:
        "<results>/{paper}/logs/analyze.log",
    priority: 1000  # verdicts as soon as they can be had
    params:
        **SETUP.analysis("analyze", "shared.comparison.__main__"),
    shell:
        "python -m shared.comparison {params.step} 2> {log:q}"


rule figures:
    input:
        scores=lambda wildcards: SETUP.scores(wildcards.paper),
        reported="papers/{paper}/reported.csv",
        cells="<results>/{paper}/cells.csv",
        data="<results>/{paper}/data",
    output:
        report(directory("<results>/{paper}/figures"), **figures_in_report()),
    log:
        "<results>/{paper}/logs/figures.log",
    priority: 1000
    params:
        **SETUP.analysis("figures", "shared.plots.__main__"),
    shell:
        "python -m shared.plots {params.step} 2> {log:q}"


# The page of one paper, when it is done: that of all papers has it too.
rule page:
    input:
        multiext("<results>/{paper}/", "comparison.csv", "claims.csv", "audit.csv", "figures"),
        sorted(Path("shared/report/templates").glob("*")),
        *Path("results").glob("reach.csv"),
    output:
        "<results>/{paper}/report.html",
    log:
        "<results>/{paper}/logs/page.log",
    priority: 1000
    localrule: True
    params:
        code=code_hash("shared.report.__main__"),
        run=shlex.join([*SETUP.arguments, "--results", RESULTS]),
    shell:
        "python -m shared.report {params.run} --paper {wildcards.paper}"
        " --out $(dirname {output}) 2> {log:q}"


REPORTED_ON = [
    *expand(
        "<results>/{paper}/{part}",
        paper=SETUP.papers,
        part=["comparison.csv", "claims.csv", "audit.csv", *([] if SETUP.items else ["figures"])],
    ),
    # A clone holds committed results but no data. Asking for the data too makes a first run
    # rebuild everything, whatever the dates of the files.
    *expand("<results>/{paper}/data", paper=SETUP.papers),
]


# Snakemake's own report of all that the papers' rules made. A Snakemake within Snakemake, which
# runs nothing: it reads the records of the jobs that this one has finished.
rule workflow_page:
    input:
        REPORTED_ON,
        sorted(Path("shared/report/captions").glob("*.rst")),
    output:
        "<results>/workflow.html",
    log:
        "<results>/logs/workflow_page.log",
    params:
        papers=SETUP.papers,
        config=SETUP.config,
    shell:
        "snakemake {params.papers} --config {params.config} --report {output} 2> {log:q}"


rule report:
    input:
        REPORTED_ON,
        expand("papers/{paper}/{file}", paper=SETUP.papers, file=["paper.yaml", "reported.csv"]),
        sorted(Path("shared/report/templates").glob("*")),
        *Path("results").glob("reach.csv"),
        [] if SETUP.items else expand("<results>/{paper}/report.html", paper=SETUP.papers),
        workflow="<results>/workflow.html",
    output:
        multiext("<results>/", "report.html", "report.md", "provenance.md", "forest.png"),
        multiext("<results>/", "summary.json", "badge.svg"),
    log:
        "<results>/logs/report.log",
    params:
        code=code_hash("shared.report.__main__"),
        run=shlex.join([*SETUP.arguments, "--results", RESULTS]),
    shell:
        "python -m shared.report {params.run} --out $(dirname {output[0]})"
        " --workflow {input.workflow} 2> {log:q}"


# Puts the results of this run into the README of each paper, and the counts of all runs into the
# one in the root.
rule readme:
    input:
        expand("<results>/{paper}/comparison.csv", paper=SETUP.papers),
        "<results>/summary.json",
        readmes=["README.md", *expand("papers/{paper}/README.md", paper=SETUP.papers)],
    params:
        run=shlex.join([*SETUP.arguments, "--results", RESULTS]),
    shell:
        "python -m shared.report {params.run} --readme {input.readmes}"


# Matches a bare word that is no rule: says which papers there are.
rule unknown_target:
    input:
        lambda wildcards: unknown_target(wildcards.name, SETUP.left_out),
    output:
        touch("{name}"),
    wildcard_constraints:
        name="[A-Za-z0-9_-]+",
