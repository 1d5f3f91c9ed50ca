"""A test on real parts that fails is run once more by itself; both results are printed, and the second decides.

What it recovers from is the machine: two suites on one processor, a browser that starts late. What fails twice has
failed, and `make soak` lists whatever failed even once.
"""

import os
import subprocess
import sys
from dataclasses import dataclass

import pytest
from _pytest.terminal import TerminalReporter

REAL_PARTS = frozenset({"wire", "e2e"})
MOST = 5  # more than these at once is no accident
LIMIT_S = 900
OFF = "ONENUMBER_TEST_SECOND_RUN"  # "no": as it comes; also what keeps a second run from having one of its own


@dataclass(frozen=True)
class SecondRun:
    nodeid: str
    passed: bool
    said: str


class SecondRuns:
    """A plugin of one session."""

    def __init__(self) -> None:
        self.failed: dict[str, list[pytest.TestReport]] = {}
        self.runs: list[SecondRun] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.failed.setdefault(report.nodeid, []).append(report)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if hasattr(session.config, "workerinput") or session.shouldstop or len(self.failed) > MOST:
            return
        terminal = session.config.pluginmanager.get_plugin("terminalreporter")
        self.runs = [once_more(nodeid) for nodeid, reports in self.failed.items() if on_real_parts(reports)]
        for run in self.runs:
            if run.passed and isinstance(terminal, TerminalReporter):
                recover(terminal, self.failed[run.nodeid])
        if self.failed and sum(run.passed for run in self.runs) == len(self.failed):
            session.exitstatus = pytest.ExitCode.OK

    def pytest_terminal_summary(self, terminalreporter: TerminalReporter) -> None:
        if not self.runs:
            return
        terminalreporter.section("second runs of tests on real parts")
        for run in self.runs:
            for report in self.failed[run.nodeid]:
                terminalreporter.write_line(f"FIRST  failed ({report.when})  {run.nodeid}")
                terminalreporter.write_line(report.longreprtext)
            terminalreporter.write_line(f"SECOND {'passed' if run.passed else 'failed'}  {run.nodeid}")
            terminalreporter.write_line("" if run.passed else run.said)


def on_real_parts(reports: list[pytest.TestReport]) -> bool:
    return any(REAL_PARTS & set(report.keywords) for report in reports)


def once_more(nodeid: str) -> SecondRun:
    """The test in a process of its own, after everything else has ended."""
    command = [sys.executable, "-m", "pytest", "-q", "--no-header", "-p", "no:cacheprovider", nodeid]
    try:
        done = subprocess.run(
            command, env={**os.environ, OFF: "no"}, capture_output=True, text=True, timeout=LIMIT_S, check=False
        )
    except subprocess.TimeoutExpired:
        return SecondRun(nodeid, False, f"not over within {LIMIT_S} s")
    return SecondRun(nodeid, done.returncode == 0, done.stdout + done.stderr)


def recover(terminal: TerminalReporter, reports: list[pytest.TestReport]) -> None:
    for kind in ("failed", "error"):
        kept = [report for report in terminal.stats.get(kind, []) if report not in reports]
        if kept:
            terminal.stats[kind] = kept
        else:
            terminal.stats.pop(kind, None)
    terminal.stats.setdefault("recovered", []).extend(reports[:1])


def pytest_configure(config: pytest.Config) -> None:
    if os.environ.get(OFF) != "no":
        config.pluginmanager.register(SecondRuns(), "second-runs")
