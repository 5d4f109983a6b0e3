"""Where measurements are recorded. No torch here: the plan reads it too."""

from shared.settings import ROOT

RECORDS = ROOT / "resources" / "measurements"
