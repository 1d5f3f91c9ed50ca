"""Who is offered to whom."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from config.documents import WaitingRules
from routing.model import URGENCY_ORDER, Agent, AgentState, QueueEntry
from routing.policy import ahead, offerable, pair, place

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
RULES = WaitingRules()
HERE = frozenset({"east"})
CREWS = ("technical", "it", "dispatch")


def seconds(low: int, high: int) -> st.SearchStrategy[datetime]:
    return st.integers(low, high).map(lambda offset: NOW + timedelta(seconds=offset))


def agent(id: str = "anna", **changes: object) -> Agent:
    known = Agent(id, id, id, frozenset(CREWS), id, AgentState.AVAILABLE, NOW, NOW, phone_nodes=HERE, page_seen_at=NOW)
    return replace(known, **changes)  # type: ignore[arg-type]


def caller(id: str = "c1", **changes: object) -> QueueEntry:
    return replace(QueueEntry(id, "technical", "normal", NOW, call_id=id), **changes)  # type: ignore[arg-type]


some_agents = st.lists(
    st.builds(
        agent,
        st.integers(0, 40).map(str),
        crews=st.frozensets(st.sampled_from(CREWS)),
        state=st.sampled_from([AgentState.AVAILABLE, AgentState.AVAILABLE, AgentState.ON_CALL, AgentState.NOT_READY]),
        idle_since=seconds(-900, 0),
        phone_nodes=st.sampled_from([HERE, HERE, frozenset[str]()]),
        page_seen_at=seconds(-30, 0),
    ),
    unique_by=lambda known: known.id,
    max_size=8,
)
some_callers = st.lists(
    st.builds(
        caller,
        st.integers(0, 40).map(str),
        crew=st.sampled_from(CREWS),
        urgency=st.sampled_from(URGENCY_ORDER),
        since=seconds(-900, 0),
        not_before=st.none() | seconds(-60, 60),
        not_agents=st.frozensets(st.integers(0, 40).map(str), max_size=3),
    ),
    unique_by=lambda known: known.id,
    max_size=8,
)


@given(some_callers, some_agents)
def test_nobody_is_offered_twice_and_only_to_the_able(waiting: list[QueueEntry], agents: list[Agent]) -> None:
    pairs = pair(waiting, agents, NOW, RULES)
    assert len({entry.id for entry, _ in pairs}) == len(pairs) == len({known.id for _, known in pairs})
    for entry, known in pairs:
        assert offerable(known, NOW, RULES)
        assert entry.crew in known.crews
        assert entry.not_before is None or entry.not_before <= NOW


@given(some_callers, some_agents)
def test_nobody_is_passed_over_for_a_later_or_less_urgent_caller(
    waiting: list[QueueEntry], agents: list[Agent]
) -> None:
    pairs = pair(waiting, agents, NOW, RULES)
    served = {entry.id for entry, _ in pairs}
    left = [entry for entry in waiting if entry.id not in served and (not entry.not_before or entry.not_before <= NOW)]
    for entry in left:
        for other, known in pairs:
            assert entry.crew not in known.crews or place(other) < place(entry)


@given(some_callers, some_agents)
def test_no_able_agent_stays_idle_while_somebody_waits(waiting: list[QueueEntry], agents: list[Agent]) -> None:
    pairs = pair(waiting, agents, NOW, RULES)
    busy = {known.id for _, known in pairs}
    served = {entry.id for entry, _ in pairs}
    idle = [known for known in agents if offerable(known, NOW, RULES) and known.id not in busy]
    for entry in waiting:
        if entry.id not in served and (entry.not_before is None or entry.not_before <= NOW):
            assert not any(entry.crew in known.crews for known in idle)


@given(some_callers, some_agents)
def test_the_order_of_the_lists_does_not_matter(waiting: list[QueueEntry], agents: list[Agent]) -> None:
    assert pair(waiting, agents, NOW, RULES) == pair(waiting[::-1], agents[::-1], NOW, RULES)


def test_longest_idle_first() -> None:
    rested = agent("bo", idle_since=NOW - timedelta(minutes=5))
    assert pair([caller()], [agent("anna"), rested], NOW, RULES)[0][1] is rested


def test_who_did_not_answer_is_passed_over_until_nobody_else_is_left() -> None:
    missed = caller(not_agents=frozenset({"anna"}))
    rested = agent("anna", idle_since=NOW - timedelta(hours=1))
    assert pair([missed], [rested, agent("bo")], NOW, RULES)[0][1].id == "bo"
    assert pair([missed], [rested], NOW, RULES)[0][1].id == "anna"


def test_a_stale_page_or_a_missing_phone_is_never_offered_a_call() -> None:
    stale = agent(page_seen_at=NOW - timedelta(seconds=RULES.stale_page_s + 1))
    assert (
        pair([caller()], [stale, agent("b", page_seen_at=None), agent("c", phone_nodes=frozenset())], NOW, RULES) == []
    )


def test_position_counts_the_same_crew_only() -> None:
    urgent, other = caller("u", urgency="critical"), caller("o", crew="it", urgency="critical")
    assert ahead(caller(), [caller(), urgent, other]) == 1


def test_who_is_on_the_line_is_offered_to_agents_whose_phone_their_node_can_ring() -> None:
    east, west = agent("a"), agent("b", phone_nodes=frozenset({"west"}))
    both = agent("c", phone_nodes=frozenset({"east", "west"}))
    at_west, anywhere = caller("w", node="west"), caller("x", call_id=None, callback_id="x")
    assert pair([at_west], [east], NOW, RULES) == []
    assert pair([at_west], [east, both], NOW, RULES) == [(at_west, both)]
    assert pair([anywhere], [west], NOW, RULES) == [(anywhere, west)]
