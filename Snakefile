"""Rebuild the tables and figures of every paper: `snakemake`, or of one: `snakemake r_tuning`.

snakemake -n                                    what would run
snakemake --config scale=smoke                  another scale (cpu is the default)
snakemake --config scale=gpu models=A,B         some of the models of a scale
snakemake r_tuning --config items=table1,table3 some tables of a paper, and what they need
snakemake --config model=path:/my/model         one of your own
snakemake --config set=PAPER.SETTING=VALUE name=NAME
                                                another setting, in results/cpu+NAME
"""

import atexit
import sys

from snakemake.utils import min_version

min_version("9.20")

from shared.planning.rehearsal import stage
from shared.settings import REHEARSAL
from shared.workflow import before, live, preloaded
from shared.runner.code import code_hash
from shared.workflow.expected import cheapest_first, raise_priority, recorded
from shared.workflow.in_report import figures_in_report, table_in_report
from shared.workflow.mistakes import explain
from shared.workflow.reasons import explain_reasons
from shared.workflow.setup import checked, lock_folder, unknown_target

SETUP = checked(config, workflow.cores if workflow.local_exec else None)
RESULTS = f"results/{SETUP.run_name}"
if SETUP.scale == REHEARSAL:
    stage.enter(SETUP.papers)
HALF = max(1, workflow.cores // 2)  # of the cores: two models are trained or asked at a time
TOOK = recorded(Path(RESULTS)) if workflow.is_main_process else {}
LIVE = live.watch(workflow, Path(RESULTS), TOOK, SETUP.config)
explain(SETUP.targets, SETUP.left_out)
if workflow.local_exec and workflow.is_main_process:
    before.look(SETUP, sys.argv[1:])
    if workflow.output_settings.dryrun:  # which ends without a hook
        atexit.register(before.say_room, workflow, Path(RESULTS), SETUP.keep_models)
explain_reasons()


pathvars:
    results=RESULTS,


wildcard_constraints:
    paper="|".join(SETUP.papers),
    model="[^/]+",


onstart:
    lock_folder()
    if workflow.local_exec and workflow.is_main_process:
        preloaded.offer()
        before.say_room(workflow, Path(RESULTS), SETUP.keep_models)
    if LIVE:
        LIVE.begin(job.output for job in workflow.dag.needrun_jobs())


onsuccess:
    if LIVE:
        LIVE.end("done")


onerror:
    if LIVE:
        LIVE.end(f"{LIVE.failed} failed (the same command goes on with what is left),")


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


# The cheapest paper first, so that its verdicts are there while the others run.
for place, paper in enumerate(reversed(cheapest_first(SETUP.papers, TOOK))):
    others = set(workflow.rules)

    include: f"papers/{paper}/rules.smk"

    raise_priority(set(workflow.rules) - others, 10 * place)
