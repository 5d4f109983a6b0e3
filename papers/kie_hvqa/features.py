"""Features of the lines of some parts of the data, computed once.

    python -m papers.kie_hvqa.features --scale cpu --which clean \\
        --data results/cpu/kie_hvqa/data --out results/cpu/kie_hvqa/features/clean.npz \\
        --record results/cpu/kie_hvqa/runs/features-clean.json
"""

import time
from pathlib import Path

import numpy as np
import pandas as pd
from tqdm import tqdm

from papers.kie_hvqa.reading import picture
from papers.kie_hvqa.settings import FEATURES
from shared.errors import one_line_errors
from shared.models.ocr_tower import OcrTower
from shared.workflow.programs import step_parser
from shared.workflow.records import write_run


def main() -> None:
    parser = step_parser(__doc__)
    parser.add_argument("--which", choices=list(FEATURES), required=True)
    parser.add_argument("--data", type=Path, required=True)
    arguments = parser.parse_args()
    started = time.perf_counter()
    files = [arguments.data / f"{part}.parquet" for part in FEATURES[arguments.which]]
    rows = pd.concat(map(pd.read_parquet, files)).to_dict("records")
    tower = OcrTower()
    for row in tqdm(rows, unit="line", disable=None):
        tower(np.asarray(picture(row).convert("L")))
    tower.save(arguments.out)
    write_run(arguments.record, started, inputs=files, lines=len(tower.known))


if __name__ == "__main__":
    one_line_errors(main)
