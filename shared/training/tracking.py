"""Where the curves of a training are shown while it runs: TensorBoard, Weights & Biases, ...

An environment variable says it and no setting of a paper does: it is about who watches, so no step
runs again for it.
"""

import os
from pathlib import Path

from transformers.integrations import get_available_reporting_integrations
from transformers.integrations.integration_utils import INTEGRATION_TO_CALLBACK

from shared.errors import UserError
from shared.settings import ROOT

VARIABLE = "REPLICATIONS_REPORT_TO"
CURVES = ROOT / "resources" / "curves"  # what is written here rather than sent


def trackers(scratch: Path) -> dict:
    """The arguments that say to Transformers' and TRL's trainers where to report, and as what: the
    name of the run is that of its folder of checkpoints and what lies above.

    Raises `UserError` for a tracker that there is not, or that is not installed.
    """
    names = [name.strip() for name in os.environ.get(VARIABLE, "none").split(",")]
    if names in (["none"], [""]):
        return {"report_to": "none"}
    known, installed = sorted(INTEGRATION_TO_CALLBACK), get_available_reporting_integrations()
    for name in names:
        if name not in known:
            raise UserError(f"{VARIABLE}: unknown '{name}'; expected none, or {', '.join(known)}")
        if name not in installed:
            raise UserError(f"{VARIABLE}: {name} is not installed; expected: pip install {name}")
    run = "/".join(scratch.parts[-2:])
    CURVES.mkdir(parents=True, exist_ok=True)
    # by default both write beside the checkpoints, which are deleted, or into the repository
    os.environ["TENSORBOARD_LOGGING_DIR"] = str(CURVES / run)
    os.environ.setdefault("WANDB_DIR", str(CURVES))
    return {"report_to": names, "run_name": run}
