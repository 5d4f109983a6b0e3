"""Run by the profiles, before Snakemake reads its command: mistakes that it answers at length.

What follows `--config` are settings up to the next option, so the paper is taken for one in
`snakemake --config scale=gpu resa`. And the profile of Slurm needs Slurm.
"""

import shutil
import sys
from importlib.util import find_spec

PLUGIN = "snakemake_executor_plugin_slurm"


def mistake(words):
    """What is wrong with the words of a command; None where nothing is."""
    settings = False
    for word in words:
        if word.startswith("-"):
            settings = word in ("--config", "-C")
        elif settings and "=" not in word:
            return (
                f"'{word}' follows --config, where settings are expected (NAME=VALUE); "
                f"targets come before it: snakemake {word} --config …"
            )
    if not any("profiles/slurm" in word or word == "slurm" for word in words):
        return None
    if not find_spec(PLUGIN):
        return "profiles/slurm: its plugin is not installed; expected pip install -e '.[slurm]'"
    if not shutil.which("sbatch") and not {"-n", "--dry-run", "--dryrun"} & {*words}:
        return "profiles/slurm: found no sbatch; expected a machine that submits to Slurm"
    return None


if said := mistake(sys.argv[1:]):
    sys.exit(f"error: {said}")
