"""What an editable install makes importable, by the backend that `pip install --editable` asks."""

import subprocess
import sys
import sysconfig
import zipfile

import pytest

from shared.settings import ROOT

BUILD = "import sys; from setuptools import build_meta; build_meta.build_editable(sys.argv[1])"
# As Python begins with the environment, in which this project is installed from another folder
RUN = """
import runpy, site, sys
site.addsitedir(sys.path[1])
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory, copy_of_repository):
    """A copy of the repository, and a folder like site-packages in which it is installed."""
    folder = tmp_path_factory.mktemp("install")
    copy, wheel, site = folder / "copy", folder / "wheel", folder / "site"
    copy_of_repository(copy)
    wheel.mkdir()
    built = subprocess.run([sys.executable, "-c", BUILD, wheel], cwd=copy, capture_output=True)
    assert built.returncode == 0, built.stderr.decode()[-3000:]
    (made,) = wheel.glob("*.whl")
    zipfile.ZipFile(made).extractall(site)
    return copy, site


@pytest.mark.parametrize("step", ["r_tuning/train", "safe_eraser/unlearn"])
def test_a_step_that_is_run_as_a_file_says_how_it_is_run(installed, tmp_path, step):
    """From another folder: there is nothing of the project on the path but what was installed."""
    copy, site = installed
    ran = subprocess.run(
        [sys.executable, "-S", "-c", RUN, copy / "papers" / f"{step}.py", "--help"],
        cwd=tmp_path,
        env={"PYTHONPATH": f"{site}:{sysconfig.get_path('purelib')}"},
        capture_output=True,
        text=True,
    )
    module = f"papers.{step.replace('/', '.')}"
    assert ran.stderr == f"error: a step is a module; expected: python -m {module} …\n"
    assert ran.returncode == 1


def test_a_step_of_another_folder_than_the_installed_one_says_so_too(tmp_path):
    """`shared` is imported from here, and the file is not."""
    file = tmp_path / "papers" / "r_tuning" / "train.py"
    file.parent.mkdir(parents=True)
    file.write_text((ROOT / "papers" / "r_tuning" / "train.py").read_text())
    ran = subprocess.run(
        [sys.executable, file, "--help"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert ran.stderr == (
        f"error: {file}: imports the project in {ROOT}; a step is a module, expected:"
        " python -m papers.NAME.STEP … in the folder that holds papers/\n"
    )
