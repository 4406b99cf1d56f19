"""Mutants of butfor: changes of its code, listed in mutants.toml, each of which some test must notice.

    mutants.py [words of a mutant's description] [--workers 2]

Each is put into a copy of the checkout, in which the tests named beside it run. One that they do not notice survives;
then the suite has lost a check. One whose text is not in the code, or whose tests fail without it, is unfit. Ends with 1
if any survives or is unfit.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parent.parent
FOLDERS = ("scripts", "tests", "rules", "config", "profiles", "examples", "docs")
PATIENCE = 900  # seconds; a mutant that hangs its tests is noticed too
NOTICED, SURVIVED, UNFIT = "noticed", "SURVIVED", "UNFIT"


@dataclass(frozen=True)
class Mutant:
    """name: what is wrong with it. file: below the checkout. old, new: the text replaced, which occurs there once.
    tests: what pytest is asked to run, of which some test must fail."""

    name: str
    file: str
    old: str
    new: str
    tests: str


def mutants(words: str) -> list[Mutant]:
    """Those of the list whose description holds the words."""
    rows = tomllib.loads((ROOT / "tests" / "mutants.toml").read_text())["mutant"]
    return [Mutant(**row) for row in rows if words.lower() in row["name"].lower()]


def copy(folder: Path) -> Path:
    """A copy of the checkout in a folder."""
    for name in FOLDERS:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for path in (
        *ROOT.glob("*.lock"),
        *(
            ROOT / name
            for name in ("Snakefile", "Makefile", "README.md", "pyproject.toml", ".snakemake-workflow-catalog.yml")
        ),
    ):
        shutil.copy(path, folder)
    return folder


def tried(mutant: Mutant, checkout: Path, whole: set[str]) -> tuple[str, str]:
    """What becomes of a mutant in a copy of the checkout, which is left as it was; and why. `whole`: the tests that are
    known to pass without any mutant."""
    path = checkout / mutant.file
    text = path.read_text() if path.exists() else ""
    if text.count(mutant.old) != 1:
        return UNFIT, f"{mutant.file} holds its text {text.count(mutant.old)} times"
    if mutant.tests not in whole:
        code, words = tested(checkout, mutant.tests)
        if code:
            return UNFIT, f"without it, too: {words}"
        whole.add(mutant.tests)
    path.write_text(text.replace(mutant.old, mutant.new))
    try:
        code, words = tested(checkout, mutant.tests)
    finally:
        path.write_text(text)
    return {0: SURVIVED, 1: NOTICED}.get(code, UNFIT), words


def tested(checkout: Path, tests: str) -> tuple[int, str]:
    """pytest's exit code and the last line that it says, of tests up to the first that fails; hanging is failing."""
    command = [sys.executable, "-B", "-m", "pytest", "-x", "--no-header", "-p", "no:cacheprovider", *tests.split()]
    try:
        done = subprocess.run(command, cwd=checkout, capture_output=True, text=True, timeout=PATIENCE, check=False)
    except subprocess.TimeoutExpired:
        return 1, "it hangs"
    lines = (done.stdout + done.stderr).splitlines()
    failed = [line for line in lines if line.startswith(("FAILED", "ERROR"))]
    return done.returncode, (failed or lines)[-1][:110]


def outcomes(chosen: list[Mutant], workers: int) -> Iterator[tuple[Mutant, str, str]]:
    """What becomes of each mutant, in their order."""
    with TemporaryDirectory(prefix="butfor-mutants-") as folder, ThreadPoolExecutor(workers) as pool:
        copies: SimpleQueue[Path] = SimpleQueue()
        whole: set[str] = set()
        for number in range(workers):
            copies.put(copy(Path(folder) / str(number)))

        def one(mutant: Mutant) -> tuple[str, str]:
            checkout = copies.get()
            try:
                return tried(mutant, checkout, whole)
            finally:
                copies.put(checkout)

        for mutant, (outcome, why) in zip(chosen, pool.map(one, chosen), strict=True):
            yield mutant, outcome, why


def main() -> int:
    """Print a line per mutant and their number."""
    parser = argparse.ArgumentParser()
    parser.add_argument("words", nargs="?", default="")
    parser.add_argument("--workers", type=int, default=2)
    asked = parser.parse_args()
    chosen, began, bad = mutants(asked.words), time.monotonic(), 0
    for mutant, outcome, why in outcomes(chosen, asked.workers):
        bad += outcome != NOTICED
        print(f"{outcome:8s}  {mutant.name}: {why}", flush=True)
    print(f"{len(chosen) - bad} of {len(chosen)} mutants noticed in {time.monotonic() - began:.0f} s")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
