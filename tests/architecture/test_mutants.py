"""The mutants do not rot: every patch still fits the sources and names a test that exists.

Whether that test catches it, `python -m nox -s mutants` says.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PATCHES = sorted((ROOT / "tests" / "mutants").glob("*.patch"))
FEWEST = 15

each_patch = pytest.mark.parametrize("patch", PATCHES, ids=lambda path: path.stem)


def headers(patch: Path) -> list[str]:
    return patch.read_text("utf-8").partition("\n--- ")[0].splitlines()


def test_there_are_enough_mutants_to_prove_something() -> None:
    assert len(PATCHES) >= FEWEST


@each_patch
def test_a_mutant_names_the_test_that_catches_it_and_what_it_breaks(patch: Path) -> None:
    caught, breaks, *hangs = headers(patch)
    assert re.fullmatch(r"breaks: \S.*", breaks)
    assert all(re.fullmatch(r"hangs: \S.*", line) for line in hangs[:1])
    assert hangs[1:] == []
    named = re.fullmatch(r"caught-by: ((?:tests|plugins)/\S+\.py)::(test_\w+)", caught)
    assert named is not None
    path, test = named.groups()
    assert f"def {test}(" in (ROOT / path).read_text("utf-8")


@each_patch
def test_a_mutant_breaks_sources_only_and_still_fits_them(patch: Path) -> None:
    broken = re.findall(r"^\+\+\+ b/(\S+)$", patch.read_text("utf-8"), re.MULTILINE)
    assert len(broken) == 1
    assert re.match(r"src/|plugins/[^/]+/src/", broken[0])
    git = shutil.which("git")
    if git is None:
        pytest.skip("git applies the patches, and is not installed")
    done = subprocess.run(
        [git, "apply", "--check", str(patch)],
        cwd=ROOT,
        env={**os.environ, "GIT_CEILING_DIRECTORIES": str(ROOT.parent)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
