"""Rebuild the tables and figures of every paper: `snakemake`, or of one: `snakemake r_tuning`.

snakemake -n                       what would run
snakemake --config scale=smoke     another scale (cpu is the default)
snakemake --config model=path:/my/model
"""

from snakemake.utils import min_version

min_version("9.20")

from shared.workflow import preloaded
from shared.workflow.code import code_hash
from shared.judges.registry import judge_needs
from shared.models.spec import needs
from shared.workflow.setup import (
    checked,
    figures_in_report,
    keep_freed_memory,
    lock_folder,
    mirror_in_use,
    only,
    table_in_report,
    unknown_target,
    wake_only_for_jobs,
)

SETUP = checked(config)
RESULTS = f"results/{SETUP.run_name}"
STEP = SETUP.arguments  # --scale and --model, the same for every step


pathvars:
    results=RESULTS,


onstart:
    lock_folder()
    wake_only_for_jobs(workflow)
    if workflow.local_exec and workflow.is_main_process:
        keep_freed_memory()
        preloaded.offer()


report: "shared/report/captions/workflow.rst"


localrules:
    all,
    workflow_page,
    fetch,
    report,
    readme,


rule all:
    input:
        "<results>/report.html",


include: "shared/workflow/rules.smk"


for paper in SETUP.papers:

    include: f"papers/{paper}/rules.smk"
