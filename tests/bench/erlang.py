"""Erlang's formulas, for first come, first served, by agents who are alike, of calls that come by chance.

C (A. K. Erlang, 1917): nobody gives up. A (C. Palm, 1946; Mandelbaum and Zeltyn, 2007): each has a patience that is
exponential. Times of agents are exponential in both. Rates are per second.
"""

from dataclasses import dataclass
from math import exp


@dataclass(frozen=True)
class Expected:
    """What a steady line comes to."""

    waits: float  # share of callers who wait at all
    mean_wait_s: float  # of all callers, given up or not
    within: float | None = None  # share of callers answered within so many seconds
    gives_up: float = 0.0  # share of callers


def erlang_c(calls: float, handling_s: float, agents: int, within_s: float) -> Expected:
    """`calls` a second. Raises: ValueError where there are more than the agents can take."""
    load = calls * handling_s
    if load >= agents:
        raise ValueError("the queue grows without end")
    waits = _waiting_c(load, agents)
    spare = (agents - load) / handling_s
    return Expected(waits, waits / spare, 1 - waits * exp(-spare * within_s))


def _waiting_c(load: float, agents: int) -> float:
    """By Erlang's B, which is counted up agent by agent without overflowing."""
    lost = 1.0
    for count in range(1, agents + 1):
        lost = load * lost / (count + load * lost)
    return lost / (1 - load / agents * (1 - lost))


def erlang_a(calls: float, handling_s: float, agents: int, patience_s: float) -> Expected:
    """From the balance of a birth-and-death process: so many are there, being served or waiting."""
    served, gone = 1 / handling_s, 1 / patience_s
    weights = [1.0]
    while len(weights) <= agents or weights[-1] > 1e-12 * max(weights):
        there = len(weights)
        weights.append(weights[-1] * calls / (min(there, agents) * served + max(0, there - agents) * gone))
    whole = sum(weights)
    queue = sum((there - agents) * weight for there, weight in enumerate(weights) if there > agents) / whole
    waits = sum(weights[agents:]) / whole
    return Expected(waits, queue / calls, gives_up=gone * queue / calls)
