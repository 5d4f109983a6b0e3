"""my_paper: questions → fine-tuning → which answer is likelier → tables and figures."""

MY_PAPER = SETUP.settings("my_paper")


rule my_paper:
    input:
        multiext("<results>/my_paper/", "comparison.csv", "claims.csv", "audit.csv"),
        "<results>/my_paper/figures",
        "<results>/my_paper/data",  # see rule report
    localrule: True


rule my_paper_data:
    output:
        directory("<results>/my_paper/data"),
        record="<results>/my_paper/runs/data.json",
    log:
        "<results>/my_paper/logs/data.log",
    params:
        code=code_hash("papers.my_paper.data"),
        settings=only(MY_PAPER, "train", "test", "data_seed"),
    shell:
        "python -m papers.my_paper.data {STEP} --out {output[0]} --record {output.record} 2> {log}"


rule my_paper_train:
    input:
        needs(MY_PAPER.model),
        data="<results>/my_paper/data",
    output:
        directory("<results>/my_paper/models/tuned-s{seed}"),
        record="<results>/my_paper/runs/train-tuned-s{seed}.json",
    log:
        "<results>/my_paper/logs/train-tuned-s{seed}.log",
    threads: max(1, workflow.cores // 2)
    resources:
        **MY_PAPER.to_train.model_dump(),
    params:
        code=code_hash("papers.my_paper.train"),
        settings=only(MY_PAPER, "model", "prompt", "training"),
    shell:
        "python -m shared.workflow.launch --gpus {resources.gpu} --nodes {resources.nodes}"
        " papers.my_paper.train {STEP} --seed {wildcards.seed}"
        " --data {input.data} --out {output[0]} --record {output.record} 2> {log}"


def my_paper_trained(wildcards):
    """The folder of a tuned model; the untuned one has none."""
    if wildcards.run == "untuned":
        return []
    return f"<results>/my_paper/models/{wildcards.run}"


rule my_paper_evaluate:
    input:
        needs(MY_PAPER.model),
        data="<results>/my_paper/data",
        trained=my_paper_trained,
    output:
        "<results>/my_paper/scores/{run}.parquet",
        record="<results>/my_paper/runs/evaluate-{run}.json",
    log:
        "<results>/my_paper/logs/evaluate-{run}.log",
    threads: max(1, workflow.cores // 2)
    resources:
        **MY_PAPER.resources.model_dump(),
    params:
        code=code_hash("papers.my_paper.evaluate"),
        settings=only(MY_PAPER, "model", "prompt", "batch_size"),
        trained=lambda wildcards, input: f"--trained {input.trained}" if input.trained else "",
    shell:
        "python -m shared.workflow.launch papers.my_paper.evaluate {STEP} --data {input.data}"
        " {params.trained} --out {output[0]} --record {output.record} 2> {log}"


MY_PAPER_SCORES = [
    f"<results>/my_paper/scores/{run}.parquet"
    for run in ["untuned", *(f"tuned-s{seed}" for seed in MY_PAPER.seeds)]
]


rule my_paper_analyze:
    input:
        MY_PAPER_SCORES,
    output:
        directory("<results>/my_paper/tables"),
        cells="<results>/my_paper/cells.csv",
        record="<results>/my_paper/runs/analyze.json",
    log:
        "<results>/my_paper/logs/analyze.log",
    params:
        code=code_hash("papers.my_paper.analyze"),
        settings=only(MY_PAPER, "model", "stand_ins", "seeds", "draws"),
    shell:
        "python -m papers.my_paper.analyze {STEP} --scores {RESULTS}/my_paper/scores"
        " --out {RESULTS}/my_paper --record {output.record} 2> {log}"


rule my_paper_figures:
    input:
        "<results>/my_paper/cells.csv",
    output:
        report(
            directory("<results>/my_paper/figures"),
            **figures_in_report("my_paper"),
        ),
    log:
        "<results>/my_paper/logs/figures.log",
    params:
        code=code_hash("papers.my_paper.figures"),
    shell:
        "python -m papers.my_paper.figures {STEP} --results {RESULTS}/my_paper 2> {log}"
