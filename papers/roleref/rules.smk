"""RoleRef: preparing or making a stand-in → fine-tuning → hidden states and replies → probes and rules."""


rule roleref_teach:
    input:
        SETUP.weights("papers.roleref.teach"),
        data="<results>/roleref/data",
    output:
        SETUP.model_folder("<results>/roleref/models/{model}/taught-s{seed}"),
        record="<results>/roleref/runs/{model}/teach-s{seed}.json",
    log:
        "<results>/roleref/logs/{model}/teach-s{seed}.log",
    priority: 2
    threads: workflow.cores  # nothing else can run before it is there
    resources:
        **SETUP.resources("roleref", train=True),
    params:
        **SETUP.step("papers.roleref.teach"),
    shell:
        "python -m shared.workflow.launch --gpus {resources.gpu} --nodes {resources.nodes}"
        " {params.step} 2> {log:q}"


rule roleref_pretrain:
    input:
        data="<results>/roleref/data",
    output:
        SETUP.model_folder("<results>/roleref/models/{model}/pretrained-s{seed}"),
        record="<results>/roleref/runs/{model}/pretrain-s{seed}.json",
    log:
        "<results>/roleref/logs/{model}/pretrain-s{seed}.log",
    priority: 2  # everything waits for it
    threads: HALF
    resources:
        **SETUP.resources("roleref", train=True),
    params:
        **SETUP.step("papers.roleref.pretrain"),
    shell:
        "python -m shared.workflow.launch --gpus {resources.gpu} --nodes {resources.nodes}"
        " {params.step} 2> {log:q}"


def roleref_taught(wildcards):
    """The model that all variants start from, where a stand-in is prepared or made here."""
    settings = SETUP.settings("roleref", wildcards.model)
    folder = f"<results>/roleref/models/{wildcards.model}"
    if settings.reading:
        return f"{folder}/pretrained-s0"
    return f"{folder}/taught-s0" if settings.teaching else []


rule roleref_train:
    input:
        SETUP.weights("papers.roleref.train"),
        data="<results>/roleref/data",
        taught=roleref_taught,
    output:
        SETUP.model_folder("<results>/roleref/models/{model}/{variant}-s{seed}"),
        record="<results>/roleref/runs/{model}/train-{variant}-s{seed}.json",
    log:
        "<results>/roleref/logs/{model}/train-{variant}-s{seed}.log",
    wildcard_constraints:
        variant="(?!taught|pretrained)[^/]+",
    priority: 1  # the largest steps, and asking the trained models waits for them
    threads: HALF
    resources:
        **SETUP.resources("roleref", train=True),
    params:
        **SETUP.step("papers.roleref.train"),
    shell:
        "python -m shared.workflow.launch --gpus {resources.gpu} --nodes {resources.nodes}"
        " {params.step} 2> {log:q}"


def roleref_trained(wildcards):
    """The weights of a variant that is fine-tuned."""
    folder = f"<results>/roleref/models/{wildcards.model}"
    trains = SETUP.variant("roleref", wildcards).training
    return f"{folder}/{wildcards.variant}-s{wildcards.seed}" if trains else []


def roleref_unchanged(wildcards):
    """What the model before any change was asked; vectors are made of its hidden states."""
    unchanged = SETUP.settings("roleref", wildcards.model).unchanged
    return f"<results>/roleref/asked/{wildcards.model}/{unchanged}"


def roleref_base(wildcards):
    """The same, for a variant that is edited."""
    edits = SETUP.variant("roleref", wildcards).edit
    return roleref_unchanged(wildcards) if edits else []


rule roleref_ask:
    input:
        SETUP.weights("papers.roleref.ask"),
        data="<results>/roleref/data",
        taught=roleref_taught,
        trained=roleref_trained,
        base=roleref_base,
    output:
        directory("<results>/roleref/asked/{model}/{variant}-s{seed}"),
        record="<results>/roleref/runs/{model}/ask-{variant}-s{seed}.json",
    log:
        "<results>/roleref/logs/{model}/ask-{variant}-s{seed}.log",
    priority: 1  # the sweep and editing wait for prompting
    threads: HALF
    resources:
        **SETUP.resources("roleref"),
    params:
        **SETUP.step("papers.roleref.ask"),
    shell:
        "python -m shared.workflow.launch {params.step} 2> {log:q}"


rule roleref_sweep:
    input:
        SETUP.weights("papers.roleref.sweep"),
        data="<results>/roleref/data",
        taught=roleref_taught,
        base=roleref_unchanged,
    output:
        "<results>/roleref/asked/{model}/sweep.json",
        record="<results>/roleref/runs/{model}/sweep.json",
    log:
        "<results>/roleref/logs/{model}/sweep.log",
    threads: HALF
    resources:
        **SETUP.resources("roleref"),
    params:
        **SETUP.step("papers.roleref.sweep"),
    shell:
        "python -m shared.workflow.launch {params.step} 2> {log:q}"


def roleref_asked(wildcards):
    """What every variant was asked."""
    runs = SETUP.settings("roleref", wildcards.model).runs()
    return [f"<results>/roleref/asked/{wildcards.model}/{run}" for run in runs]


rule roleref_evaluate:
    input:
        SETUP.weights("papers.roleref.evaluate"),
        data="<results>/roleref/data",
        asked=roleref_asked,
        swept="<results>/roleref/asked/{model}/sweep.json",
    output:
        multiext(
            "<results>/roleref/scores/{model}/",
            "replies.parquet",
            "sweep.parquet",
            "rule.parquet",
            "ordinary.parquet",
            "cost.parquet",
            "probes.parquet",
            "geometry.parquet",
            "methods_map.parquet",
        ),
        record="<results>/roleref/runs/{model}/evaluate.json",
    log:
        "<results>/roleref/logs/{model}/evaluate.log",
    threads: HALF
    resources:
        **SETUP.resources("roleref"),
    params:
        **SETUP.step("papers.roleref.evaluate"),
    shell:
        "python -m shared.workflow.launch {params.step} 2> {log:q}"
