"""Draws what `tests.bench.simulation` found, for docs/queue.md; `docker/charts.sh` runs it in its own environment.

python tests/bench/charts.py SIMULATION.json FOLDER
"""

import json
import sys
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt

INK, SEEN, TOLD, GONE = "#1d2b2a", "#0b7a75", "#b9c7c5", "#b3261e"
HOURS = range(24)


def steady(found: dict[str, Any], folder: Path) -> None:
    """Simulated beside what the formulas say."""
    names = {"waits": "wait at all", "within": "answered in 20 s", "gives_up": "give up"}
    bars = [
        (f"{title}\nErlang {formula[-1].upper()}:\n{names[name]}", told["simulated"][name], told["formula"][name])
        for title, formulas in found["steady"].items()
        for formula, told in formulas.items()
        for name in told["off_by_points"]
        if told["formula"][name] > 0
    ]
    figure, axes = plt.subplots(figsize=(9, 4.2), layout="constrained")
    for at, (_, seen, told) in enumerate(bars):
        axes.bar(at - 0.2, 100 * seen, 0.38, color=SEEN, label="simulated" if at == 0 else None)
        axes.bar(at + 0.2, 100 * told, 0.38, color=TOLD, label="Erlang C or A" if at == 0 else None)
    axes.set_xticks(range(len(bars)), [label for label, _, _ in bars], fontsize=7)
    axes.set_ylabel("% of callers")
    axes.set_title("A steady line: the policy in virtual time, and Erlang", color=INK)
    axes.legend(frameon=False)
    figure.savefig(folder / "steady.png", dpi=110)


def hours(name: str, told: dict[str, Any], path: Path) -> None:
    """Calls, waits and who gave up, by hour of the day."""
    figure, (calls, waits) = plt.subplots(2, 1, figsize=(9, 5.4), sharex=True, layout="constrained")
    by_hour = told["by_hour"]
    calls.bar(HOURS, [each["contacts"] for each in by_hour], color=TOLD)
    calls.set_ylabel("contacts")
    calls.set_title(f"A hospital's {name} contacts, by hour of the day", color=INK)
    waits.plot(HOURS, [each["mean_wait_s"] or 0 for each in by_hour], color=SEEN, marker="o", label="mean wait, s")
    waits.set_ylabel("seconds", color=SEEN)
    shares = waits.twinx()
    shares.plot(HOURS, [100 * each["given_up"] for each in by_hour], color=GONE, marker="s", label="give up, %")
    shares.set_ylabel("% of callers", color=GONE)
    shares.set_ylim(bottom=0)
    waits.set_ylim(bottom=0)
    waits.set_xlabel("hour of the day")
    waits.set_xticks(HOURS)
    figure.savefig(path, dpi=110)


def urgencies(found: dict[str, Any], folder: Path) -> None:
    """How long who waits."""
    figure, axes = plt.subplots(figsize=(9, 3.6), layout="constrained")
    for at, (name, told) in enumerate(found["hospital"].items()):
        means = [each["mean_wait_s"] or 0 for each in told["by_urgency"].values()]
        axes.bar([n + 0.4 * at - 0.2 for n in range(len(means))], means, 0.38, color=(SEEN, TOLD)[at], label=name)
        axes.set_xticks(range(len(means)), told["by_urgency"])
    axes.set_ylabel("mean wait, s")
    axes.set_title("Mean wait on the line of who was answered, by urgency", color=INK)
    axes.legend(frameon=False)
    figure.savefig(folder / "urgencies.png", dpi=110)


def main() -> None:
    found, folder = json.loads(Path(sys.argv[1]).read_text()), Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    steady(found, folder)
    urgencies(found, folder)
    for name, told in found["hospital"].items():
        hours(name, told, folder / f"hospital-{name.split()[0]}.png")


if __name__ == "__main__":
    main()
