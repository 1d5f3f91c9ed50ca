"""What the queue's policy comes to: weeks of calls in virtual time, beside Erlang's formulas where these hold.

    python -m tests.bench.simulation [FILE] [--short]

Prints JSON, and writes it to FILE. `steady`: calls that come evenly, agents and handling times that are alike, nobody
who is called back; the formulas hold there, and the difference is told in points (of a hundred callers). `hospital`: a
week of 14,000 calls and a month of 60,000 contacts with days and nights, crews, urgencies, people who give up, repeat
callers and callbacks; no formula holds for these. `--short`: a twentieth of the steady calls, one day of the hospital.
"""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import fmean, median
from typing import Any

from config.documents import Overflow, WaitingRules
from routing.expected_wait import told_error
from routing.waits import ToldWait
from tests.bench.erlang import Expected, erlang_a, erlang_c
from tests.bench.simulated_line import START, Contact, Scenario, SimulatedLine

WITHIN_S = 20
HANDLING_S, PATIENCE_S = 180.0, 300.0
WEEK_H, MONTH_H = 7 * 24, 30 * 24
WARM_UP = 0.02  # of the steady calls, before the line is as it will be
STEADY = {  # calls an hour, agents, hours, and how often over: a single week is too few callers for half a point
    "week of 14,000": (14_000 / WEEK_H, 6, WEEK_H, 8),
    "month of 60,000": (60_000 / MONTH_H, 6, MONTH_H, 2),
}
# By day, a hospital's calls come mostly in the morning; shares of a day by hour.
DAY = (
    0.4, 0.3, 0.3, 0.3, 0.4, 0.8, 2.0, 5.0, 9.5, 11.0, 10.5, 9.0, 7.0, 8.0, 8.5, 7.5, 6.0, 4.0, 3.0, 2.2, 1.8, 1.2,
    0.8, 0.5,
)  # fmt: skip
WEEKEND = 0.35  # of a weekday's calls
CREWS = {"dispatch": 0.34, "technical": 0.26, "it": 0.22, "logistics": 0.18}
URGENCIES = {"critical": 0.02, "high": 0.23, "normal": 0.6, "low": 0.15}


def exponential(mean_s: float) -> Any:
    return lambda dice: dice.expovariate(1 / mean_s)


def steady(an_hour: float, agents: int, hours: int, patience_s: float | None, seed: int = 1) -> Scenario:
    return Scenario(
        lambda hour: an_hour, lambda hour: {"dispatch": agents}, hours, exponential(HANDLING_S),
        patience_s=exponential(patience_s) if patience_s else None, seed=seed,
    )  # fmt: skip


def hospital(calls: float, hours: int, seed: int = 1) -> Scenario:
    """So many calls in those hours; staff as a planner would have it, in whole people, and short in the mornings."""
    weight = [_weight(hour) for hour in range(hours)]
    an_hour = [calls * each / sum(weight) for each in weight]
    return Scenario(
        an_hour.__getitem__, lambda hour: _staff(an_hour[hour]), hours, lambda dice: dice.lognormvariate(4.9, 0.7),
        CREWS, URGENCIES, exponential(PATIENCE_S), takes_callback=0.5, takes_phone=0.75, repeats=0.04,
        rules=WaitingRules(overflow=dict.fromkeys(tuple(CREWS)[1:], (Overflow(to="dispatch", after_s=60),))), seed=seed,
    )  # fmt: skip


def _weight(hour: int) -> float:
    return DAY[hour % 24] * (WEEKEND if hour // 24 % 7 >= 5 else 1.0)


def _staff(an_hour: float) -> Mapping[str, int]:
    """For each crew enough for its calls at 171 s each, and a little more; nobody beyond twelve."""
    busy = {crew: an_hour * share * 171 / 3_600 for crew, share in CREWS.items()}
    return {crew: min(12, int(load * 1.1 + 1.0)) for crew, load in busy.items()}


def of_steady(contacts: Sequence[Contact]) -> Expected:
    """As the formulas tell it."""
    settled = contacts[int(len(contacts) * WARM_UP) :]
    waits = [each.wait_s for each in settled]
    answered = [each for each in settled if each.answered_s is not None]
    return Expected(
        fmean(wait > 0 for wait in waits), fmean(waits),
        sum(each.wait_s <= WITHIN_S for each in answered) / len(settled), 1 - len(answered) / len(settled),
    )  # fmt: skip


def beside(an_hour: float, agents: int, hours: int, patience_s: float | None, runs: int) -> dict[str, Any]:
    scenario = steady(an_hour, agents, hours, patience_s)
    seen = [of_steady(SimulatedLine(replace(scenario, seed=seed)).run()) for seed in range(1, runs + 1)]
    mean = {name: fmean(getattr(each, name) for each in seen) for name in vars(seen[0])}
    calls = an_hour / 3_600
    formula = (
        erlang_a(calls, HANDLING_S, agents, patience_s) if patience_s else erlang_c(calls, HANDLING_S, agents, WITHIN_S)
    )
    told = {name: value for name, value in vars(formula).items() if value is not None}
    points = {name: round(100 * (mean[name] - told[name]), 2) for name in told if name != "mean_wait_s"}
    return {
        "calls_an_hour": round(an_hour, 1), "agents": agents, "callers": round(an_hour * hours * runs),
        "simulated": _rounded(mean), "formula": _rounded(told), "off_by_points": points,
    }  # fmt: skip


def of_hospital(scenario: Scenario) -> dict[str, Any]:
    line = SimulatedLine(scenario)
    contacts = line.run()
    gave_up = [each for each in contacts if each.gave_up_s is not None]
    owed = [each for each in contacts if each.callback_s is not None]
    kept = [each for each in owed if each.answered_s is not None]
    delays = [each.answered_s - each.callback_s for each in kept if each.answered_s and each.callback_s]
    return {
        "contacts": len(contacts), "given_up": _share(len(gave_up), len(contacts)),
        "by_urgency": {urgency: _of(contacts, urgency) for urgency in URGENCIES},
        "by_hour": [_of_hour(contacts, hour) for hour in range(24)],
        "callbacks": {
            "chosen": len(owed), "kept": _share(len(kept), len(owed)),
            "median_delay_s": round(median(delays)) if delays else None,
            "most_ringing": line.most_ringing, "rung_beyond_free_agents": line.most_beyond_free,
        },
        "told_waits": _told_error(contacts), "nobody_left": not line.waiting,
    }  # fmt: skip


def _told_error(contacts: Sequence[Contact]) -> dict[str, Any]:
    """Of those who waited on the line until they were answered, as on a real line."""
    told = [
        ToldWait("", START, each.told[1], each.answered_s - each.told[0])
        for each in contacts
        if each.told and each.answered_s is not None and each.callback_s is None
    ]
    return {name: value and round(value, 3) for name, value in vars(told_error(told)).items()}


def _of(contacts: Sequence[Contact], urgency: str) -> dict[str, Any]:
    return _told([each for each in contacts if each.urgency == urgency])


def _of_hour(contacts: Sequence[Contact], hour: int) -> dict[str, Any]:
    return _told([each for each in contacts if int(each.at_s // 3_600) % 24 == hour])


def _told(contacts: Sequence[Contact]) -> dict[str, Any]:
    """Of those who wait on the line; who chose a callback is left out of the answered."""
    on_line = [each.wait_s for each in contacts if each.answered_s is not None and each.callback_s is None]
    return {
        "contacts": len(contacts),
        "mean_wait_s": round(fmean(on_line), 1) if on_line else None,
        "within": _share(sum(wait <= WITHIN_S for wait in on_line), len(contacts)),
        "given_up": _share(sum(each.gave_up_s is not None for each in contacts), len(contacts)),
    }


def _share(part: int, whole: int) -> float:
    return round(part / whole, 4) if whole else 0.0


def _rounded(values: Mapping[str, float]) -> dict[str, float]:
    return {name: round(value, 4) for name, value in values.items()}


def measure(short: bool = False) -> dict[str, Any]:
    shorter = 20 if short else 1
    found: dict[str, Any] = {"within_s": WITHIN_S, "steady": {}, "hospital": {}}
    for name, (an_hour, agents, hours, runs) in STEADY.items():
        found["steady"][name] = {
            "erlang_c": beside(an_hour, agents, hours // shorter, None, runs),
            "erlang_a": beside(an_hour, agents - 1, hours // shorter, PATIENCE_S, runs),
        }
    for name, calls, hours in (("week of 14,000", 14_000, WEEK_H), ("month of 60,000", 60_000, MONTH_H)):
        found["hospital"][name] = of_hospital(hospital(calls * 24 / hours, 24) if short else hospital(calls, hours))
    return found


def main() -> None:
    told = json.dumps(measure("--short" in sys.argv), indent=2)
    print(told)
    for path in [Path(each) for each in sys.argv[1:] if not each.startswith("--")]:
        path.write_text(told + "\n")


if __name__ == "__main__":
    main()
