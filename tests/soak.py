"""`python -m tests.soak [--runs 10] [PATH…]`: suites on real parts again and again, two at once.

Lists every test that failed even once, with how often and why; exit code 1 when there is one.
"""

import argparse
import os
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

from tests.second_run import OFF

SUITES = ("tests/wire", "tests/e2e")
AT_ONCE = 2
AS_MAKE_TEST = "@tests/options.txt"
LIMIT_S = 3_600


@dataclass(frozen=True)
class Failure:
    test: str
    why: str  # first line


@dataclass(frozen=True)
class Run:
    number: int
    tests: int
    failures: tuple[Failure, ...]
    trouble: str = ""  # why it could not be counted


def run(number: int, paths: list[str], folder: Path) -> Run:
    report = folder / f"{number}.xml"
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        AS_MAKE_TEST,
        "-n2",  # for each of the two
        f"--junitxml={report}",
        f"--basetemp={folder / str(number)}",  # what a failed test left behind is there to be looked at
        *paths,
    ]
    try:
        with (folder / f"{number}.log").open("w") as log:
            environment = {**os.environ, OFF: "no"}
            subprocess.run(command, env=environment, stdout=log, stderr=log, timeout=LIMIT_S, check=False)
        tests, failures = read(report)
    except (subprocess.TimeoutExpired, OSError, ElementTree.ParseError) as error:
        return Run(number, 0, (), repr(error))
    return Run(number, tests, failures, "" if tests else "no test was run")


def read(report: Path) -> tuple[int, tuple[Failure, ...]]:
    """How many tests there were, and which failed, of a JUnit report."""
    cases = list(ElementTree.parse(report).getroot().iter("testcase"))
    failures = [
        Failure(f"{case.get('classname')}::{case.get('name')}", (what.get("message") or "").partition("\n")[0])
        for case in cases
        for what in case
        if what.tag in ("failure", "error")
    ]
    return len(cases), tuple(failures)


def told(runs: list[Run]) -> list[str]:
    """What failed even once, most often first."""
    often = Counter(failure.test for run in runs for failure in run.failures)
    why = {failure.test: failure.why for run in runs for failure in run.failures}
    lines = [f"{count} of {len(runs)}  {test}\n    {why[test]}" for test, count in often.most_common()]
    return lines + [f"run {run.number} was not counted: {run.trouble}" for run in runs if run.trouble]


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--runs", type=int, default=10)
    options.add_argument("paths", nargs="*", default=list(SUITES))
    asked = options.parse_args()
    folder = Path(mkdtemp(prefix="onenumber-soak-"))
    print(f"{asked.runs} runs, {AT_ONCE} at once; logs in {folder}", flush=True)
    runs = list[Run]()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for done in pool.map(lambda number: run(number, asked.paths, folder), range(1, asked.runs + 1)):
            print(f"run {done.number}: {done.tests} tests, {len(done.failures)} failed {done.trouble}", flush=True)
            runs.append(done)
    lines = told(runs)
    print("\n".join(lines) or f"nothing failed in {len(runs)} runs")
    return bool(lines)


if __name__ == "__main__":
    sys.exit(main())
