"""What the frozen text recogniser makes of the lines of some parts of the data, computed once."""

from pathlib import Path

import numpy as np

from papers.kie_hvqa.parts import picture, read_part
from papers.kie_hvqa.settings import FEATURES
from shared.errors import UserError
from shared.models.ocr_tower import OcrTower
from shared.runner.progress import bar
from shared.runner.step import Run, step

READS = ()


def features(run: Run, data: Path, which: str) -> dict:
    """Compute the features of all lines of some parts. which: clean or degraded."""
    if which not in FEATURES:
        raise UserError(f"unknown features '{which}'; features: {', '.join(FEATURES)}")
    rows = [row for part in FEATURES[which] for row in read_part(data, part)]
    tower = OcrTower()
    for row in bar(rows, unit="line"):
        tower(np.asarray(picture(row).convert("L")))
    tower.save(run.out)
    return {"lines": len(tower.known)}


if __name__ == "__main__":
    step(features)
