"""my_paper: fine-tuning → which of two answers is likelier."""


rule my_paper_train:
    input:
        SETUP.weights("papers.my_paper.train"),
        data="<results>/my_paper/data",
    output:
        SETUP.model_folder("<results>/my_paper/models/{model}/tuned-s{seed}"),
        record="<results>/my_paper/runs/{model}/train-s{seed}.json",
    log:
        "<results>/my_paper/logs/{model}/train-s{seed}.log",
    threads: HALF
    resources:
        **SETUP.resources("my_paper", train=True),
    params:
        **SETUP.step("papers.my_paper.train"),
    shell:
        "python -m shared.workflow.launch --gpus {resources.gpu} --nodes {resources.nodes}"
        " {params.step} 2> {log:q}"


rule my_paper_evaluate:
    input:
        SETUP.weights("papers.my_paper.evaluate"),
        data="<results>/my_paper/data",
        trained=SETUP.trained("my_paper"),
    output:
        "<results>/my_paper/scores/{model}/{variant}-s{seed}.parquet",
        record="<results>/my_paper/runs/{model}/evaluate-{variant}-s{seed}.json",
    log:
        "<results>/my_paper/logs/{model}/evaluate-{variant}-s{seed}.log",
    threads: HALF
    resources:
        **SETUP.resources("my_paper"),
    params:
        **SETUP.step("papers.my_paper.evaluate"),
    shell:
        "python -m shared.workflow.launch {params.step} 2> {log:q}"
