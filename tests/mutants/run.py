"""Break core and connectors on purpose: every mutant must be caught by the test it names.

Each patch in this folder begins with lines of its own,

    caught-by: tests/unit/book/test_sequence.py::test_…
    breaks: what a user would suffer
    hangs: why the test cannot end on the mutant (left out where it can)

followed by a unified diff. The named tests must pass on the sources as they are and fail on the
mutant; one that does not end is no proof, but where the patch says so. Usage:
`python tests/mutants/run.py [NAME …]`; exit 1 if a mutant lives.
"""

from __future__ import annotations

import compileall
import os
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import takewhile
from pathlib import Path
from py_compile import PycInvalidationMode
from queue import SimpleQueue
from typing import NamedTuple

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
COPIED = ("src", "plugins", "tests", "benchmarks", "pyproject.toml", "README.md")
WORKERS = 2
LIMIT_S = 120
"""For the test of one mutant."""
BEFORE_LIMIT_S = 1_200
"""For all of them together, on the sources as they are."""
CAUGHT = "caught"
WITHOUT = ("-p", "no:cacheprovider", "-p", "no:hypothesispytest")
"""Plugins no named test needs: the second alone takes longer to load than most of the tests."""
FAILED = 1
"""What pytest exits with when tests ran and one failed; anything else proves nothing."""
HUNG = None
"""Instead of an exit code: it did not end in time."""


class Mutant(NamedTuple):
    """One patch: `caught_by` is a pytest id, `breaks` says why it matters.

    hangs: why its test cannot end; None where it is to fail.
    """

    name: str
    path: Path
    caught_by: str
    breaks: str
    hangs: str | None


def mutants(names: list[str]) -> list[Mutant]:
    """The patches in this folder, all or those named."""
    found: list[Mutant] = []
    for path in sorted(HERE.glob("*.patch")):
        words = takewhile(lambda line: not line.startswith("--- "), path.read_text().splitlines())
        said = dict(line.split(": ", 1) for line in words)
        mutant = Mutant(path.stem, path, said["caught-by"], said["breaks"], said.get("hangs"))
        found.append(mutant)
    unknown = set(names) - {mutant.name for mutant in found}
    if unknown:
        sys.exit(f"no such mutant: {', '.join(sorted(unknown))}")
    return [mutant for mutant in found if not names or mutant.name in names]


def copied_tree(target: Path) -> Path:
    """A copy of everything the tests need, to be broken at will."""
    ignore = shutil.ignore_patterns("__pycache__", ".*_cache", "*.egg-info", ".hypothesis")
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, target / name, ignore=ignore)
        else:
            shutil.copy2(source, target / name)
    # Compiled by content: a file that is changed and changed back within a second is not mixed up.
    for top in ("src", "plugins"):
        mode = PycInvalidationMode.CHECKED_HASH
        compileall.compile_dir(target / top, quiet=2, invalidation_mode=mode)
    return target


def patched(tree: Path, mutant: Mutant, *, reverse: bool) -> None:
    """Apply a patch, or take it back; a patch that does not fit is an error of its own."""
    command = [
        "git",
        "apply",
        "--whitespace=nowarn",
        *(["-R"] if reverse else []),
        str(tree / mutant.path.relative_to(ROOT)),  # as it was when the sources were copied
    ]
    # Outside a repository git takes the paths of a patch as they stand.
    environment = {**os.environ, "GIT_CEILING_DIRECTORIES": str(tree.parent)}
    done = subprocess.run(
        command, cwd=tree, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(f"{mutant.name}: the patch does not apply, mend it:\n{done.stderr}")


def exit_code(
    tree: Path, tests: list[str], *, limit_s: float = LIMIT_S, silent: bool = True
) -> int | None:
    """Run tests on `tree`, up to the first that fails; None: they did not end in time."""
    paths = [tree / "src", *sorted((tree / "plugins").glob("*/src"))]
    tapes = os.environ.get("CONNECTOR_SDK_TAPES", str(ROOT.parent / "shared" / "data"))
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(map(str, paths)),
        "PYTHONDONTWRITEBYTECODE": "1",
        "CONNECTOR_SDK_TAPES": tapes,
    }
    command = [sys.executable, "-m", "pytest", "-x", "-q", *WITHOUT, *tests]
    try:
        return subprocess.run(
            command, cwd=tree, env=environment, capture_output=silent, timeout=limit_s, check=False
        ).returncode
    except subprocess.TimeoutExpired:
        return HUNG


def verdict_of(code: int | None, mutant: Mutant) -> str:
    """What the end of a mutant's test says."""
    if code is HUNG:
        return "hung" if mutant.hangs is None else CAUGHT
    if mutant.hangs is not None:
        return "ALIVE (its test ended)"
    return CAUGHT if code == FAILED else f"ALIVE (pytest exit {code})"


def verdicts(chosen: list[Mutant], trees: list[Path]) -> list[str]:
    """What became of each mutant; prints a line for each as it is known."""
    free: SimpleQueue[Path] = SimpleQueue()
    for tree in trees:
        free.put(tree)

    def judge(mutant: Mutant) -> str:
        tree = free.get()
        try:
            patched(tree, mutant, reverse=False)
            begun = time.monotonic()
            verdict = verdict_of(exit_code(tree, [mutant.caught_by]), mutant)
            took = f"{time.monotonic() - begun:.1f} s"
            patched(tree, mutant, reverse=True)
        finally:
            free.put(tree)
        print(
            f"{verdict:8} {mutant.name}: {mutant.breaks} [{mutant.caught_by}, {took}]", flush=True
        )
        return verdict

    with ThreadPoolExecutor(len(trees)) as pool:
        return list(pool.map(judge, chosen))


def main() -> int:
    """Judge every mutant; 0 if all were caught."""
    chosen = mutants(sys.argv[1:])
    with tempfile.TemporaryDirectory() as scratch:
        trees = [copied_tree(Path(scratch) / str(number)) for number in range(WORKERS)]
        named = sorted({mutant.caught_by for mutant in chosen})
        if exit_code(trees[0], named, limit_s=BEFORE_LIMIT_S, silent=False) != 0:
            print("the named tests do not pass on the sources as they are: mend them first")
            return 1
        found = verdicts(chosen, trees)
    alive = sum(verdict != CAUGHT for verdict in found)
    print(f"{len(found) - alive} of {len(found)} mutants caught")
    return 1 if alive else 0


if __name__ == "__main__":
    sys.exit(main())
