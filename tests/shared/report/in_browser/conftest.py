"""The report of the committed results, opened in headless Chromium as on a desk and on a phone."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from selenium import webdriver

from shared.report.__main__ import main
from shared.settings import ROOT
from tests.shared.report.in_browser.page import all_of

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
# As root, without a screen, and without Chromium's own calls home.
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
DESK, PHONE = 1280, 390  # pixels
SNAKEFILE = """
rule table:
    output: report("claims.csv")
    shell: "printf 'claim,verdict\\\\nc1,holds\\\\n' > {output}"
"""


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """The report of results/cpu, with a small page of Snakemake's own inside."""
    folder = tmp_path_factory.mktemp("report")
    (folder / "Snakefile").write_text(SNAKEFILE)
    snakemake = [Path(sys.executable).with_name("snakemake"), "--directory", folder]
    snakemake += ["--snakefile", folder / "Snakefile", "--quiet", "--cores", "1"]
    for arguments in ([], ["--report", folder / "workflow.html"]):
        subprocess.run([*snakemake, *arguments], cwd=folder, check=True, capture_output=True)
    with pytest.MonkeyPatch.context() as patch:
        results = ROOT / "results" / "cpu"
        program = ["report", "--scale", "cpu", "--results", results, "--out", folder]
        patch.setattr(sys, "argv", [*map(str, program), "--workflow", f"{folder}/workflow.html"])
        main()
    return folder


@pytest.fixture(scope="session")
def chromium(tmp_path_factory):
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    browser = webdriver.Chrome(options, webdriver.ChromeService(DRIVER))
    yield browser
    browser.quit()


@pytest.fixture(scope="module", params=[DESK, PHONE], ids=["desk", "phone"])
def opened(request, chromium, folder):
    """The report in a window of this width."""
    width = request.param
    screen = {"width": width, "height": 800, "screenWidth": width, "screenHeight": 800}
    kind = {"deviceScaleFactor": 1, "mobile": width == PHONE}
    chromium.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen | kind)
    chromium.get("about:blank")
    for log in ("browser", "performance"):
        chromium.get_log(log)  # what the other window left
    chromium.get((folder / "report.html").as_uri())
    return chromium


@pytest.fixture
def page(opened):
    """The opened report, folded again afterwards as it was."""
    folds = all_of(opened, "details", "element.open")
    yield opened
    opened.switch_to.default_content()
    opened.execute_script(
        "document.querySelectorAll('details').forEach((part, at) => part.open = arguments[0][at])",
        folds,
    )


@pytest.fixture(scope="session")
def summary(folder):
    return json.loads((folder / "summary.json").read_text(encoding="utf-8"))
