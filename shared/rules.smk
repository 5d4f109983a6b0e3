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


# Claims, reported against reproduced cells, and the audit of the paper's own arithmetic.
rule compare:
    input:
        cells="<results>/{paper}/cells.csv",
        reported="papers/{paper}/reported.csv",
        claims="papers/{paper}/paper.yaml",
    output:
        multiext("<results>/{paper}/", "claims.csv", "comparison.csv", "audit.csv"),
    log:
        "<results>/{paper}/logs/compare.log",
    benchmark:
        "<results>/{paper}/benchmarks/compare.tsv"
    params:
        code=lambda wildcards: code_hash(
            "shared.comparison.__main__", f"papers.{wildcards.paper}.analyze"
        ),
    shell:
        "python -m shared.comparison --paper {wildcards.paper} {STEP}"
        " --results {RESULTS}/{wildcards.paper} 2> {log}"


rule report:
    input:
        expand(
            "<results>/{paper}/{part}",
            paper=SETUP.papers,
            part=["comparison.csv", "claims.csv", "audit.csv", "figures"],
        ),
        expand("papers/{paper}/paper.yaml", paper=SETUP.papers),
        # A clone holds committed results but no data. Asking for the data too makes a first run
        # rebuild everything, whatever the dates of the files.
        expand("<results>/{paper}/data", paper=SETUP.papers),
    output:
        multiext("<results>/", "report.html", "report.md", "summary.json"),
    log:
        "<results>/logs/report.log",
    params:
        code=code_hash("shared.report.__main__"),
    shell:
        "python -m shared.report {STEP} --results {RESULTS} --out {RESULTS} 2> {log}"


# Puts the results of this run into the README of each paper.
rule readme:
    input:
        expand("<results>/{paper}/comparison.csv", paper=SETUP.papers),
    params:
        papers=SETUP.papers,
    shell:
        "for paper in {params.papers}; do"
        " python -m shared.report {STEP} --results {RESULTS} --readme papers/$paper/README.md;"
        " done"


# Matches a bare word that is no rule: says which papers there are.
rule unknown_target:
    input:
        lambda wildcards: unknown_target(wildcards.name),
    output:
        touch("{name}"),
    wildcard_constraints:
        name="[A-Za-z0-9_-]+",
