"""Who is offered to whom."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from config.documents import Overflow, WaitingRules
from routing.model import URGENCY_ORDER, Agent, AgentState, QueueEntry
from routing.policy import ahead, heads, offerable, pair, place, reach, routes

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
RULES = WaitingRules()
OVERFLOWING = WaitingRules(
    overflow={"technical": (Overflow(to="it", after_s=60), Overflow(to="dispatch", after_s=300))}
)
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
        call_id=st.none() | st.just("on the line"),
        contacts=st.sampled_from([0, 0, 3]),
        pressing=st.booleans(),
        last_agent=st.none() | st.integers(0, 40).map(str),
    ).map(lambda entry: replace(entry, callback_id=None if entry.call_id else entry.id, node=entry.call_id and "east")),
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
    assert ahead(caller(), [caller(), urgent, other], NOW) == {"technical": 1, "it": 1}


def test_who_is_on_the_line_is_offered_to_agents_whose_phone_their_node_can_ring() -> None:
    east, west = agent("a"), agent("b", phone_nodes=frozenset({"west"}))
    both = agent("c", phone_nodes=frozenset({"east", "west"}))
    at_west, anywhere = caller("w", node="west"), caller("x", call_id=None, callback_id="x")
    assert pair([at_west], [east], NOW, RULES) == []
    assert pair([at_west], [east, both], NOW, RULES) == [(at_west, both)]
    assert pair([anywhere], [west], NOW, RULES) == [(anywhere, west)]


@given(some_callers, some_agents)
def test_whoever_is_reached_by_an_overflow_is_taken_where_their_own_crew_cannot(
    waiting: list[QueueEntry], agents: list[Agent]
) -> None:
    pairs = pair(waiting, agents, NOW, OVERFLOWING)
    taken, served = {known.id for _, known in pairs}, {entry.id for entry, _ in pairs}
    idle = [known for known in agents if offerable(known, NOW, OVERFLOWING) and known.id not in taken]
    for entry, known in pairs:
        assert not known.crews.isdisjoint(reach(entry, NOW, OVERFLOWING))
    for entry in waiting:
        if entry.id not in served and (entry.not_before is None or entry.not_before <= NOW):
            assert not any(known.crews.intersection(reach(entry, NOW, OVERFLOWING)) for known in idle)


@given(some_callers, some_agents, st.sets(st.integers(0, 40).map(str)))
def test_the_first_of_each_route_are_paired_as_all_would_be(
    waiting: list[QueueEntry], agents: list[Agent], rung_for: set[str]
) -> None:
    free = [known for known in agents if offerable(known, NOW, OVERFLOWING)]
    first = heads(waiting, routes(free, OVERFLOWING), NOW, len(free))
    everybody = pair(waiting, agents, NOW, OVERFLOWING, rung_for)
    assert pair(first, agents, NOW, OVERFLOWING, rung_for) == everybody


def test_a_repeat_caller_comes_before_their_like_and_behind_the_more_urgent() -> None:
    early, again = caller("early", since=NOW - timedelta(minutes=9)), caller("again", contacts=3)
    high = caller("high", urgency="high")
    assert sorted([early, again, high], key=place) == [high, again, early]


def test_whose_promise_is_about_to_break_comes_as_if_more_urgent() -> None:
    pressing, high = caller("pressing", pressing=True), caller("high", urgency="high", since=NOW + timedelta(seconds=1))
    early = caller("early", since=NOW - timedelta(minutes=9))
    assert sorted([early, high, pressing], key=place) == [pressing, high, early]


@given(some_callers)
def test_nobody_comes_before_the_critical(waiting: list[QueueEntry]) -> None:
    order = [entry.urgency == "critical" for entry in sorted(waiting, key=place)]
    assert order == sorted(order, reverse=True)


def test_who_knows_the_matter_takes_it_where_they_are_free_and_nobody_waits_for_them() -> None:
    rested, knows = agent("bo", idle_since=NOW - timedelta(hours=1)), agent("anna")
    known = caller(last_agent="anna")
    assert pair([known], [rested, knows], NOW, RULES) == [(known, knows)]
    talking = replace(knows, state=AgentState.ON_CALL)
    assert pair([known], [rested, talking], NOW, RULES) == [(known, rested)]
    missed = replace(known, not_agents=frozenset({"anna"}))
    assert pair([missed], [rested, knows], NOW, RULES) == [(missed, rested)]


def test_of_those_who_are_free_the_most_skilled_in_the_crews_matters_takes_a_caller() -> None:
    rested, skilled = agent("bo", idle_since=NOW - timedelta(hours=1)), agent("anna")
    skills = {"bo": {"technical": 2, "it": 1}}
    assert pair([caller()], [rested, skilled], NOW, RULES, skills=skills) == [(caller(), skilled)]
    of_it = caller(crew="it")
    assert pair([of_it], [rested, skilled], NOW, RULES, skills=skills) == [(of_it, rested)], "alike in that one"
    assert pair([caller()], [rested], NOW, RULES, skills=skills) == [(caller(), rested)], "nobody waits for a level"
    known = caller(last_agent="bo")
    assert pair([known], [rested, skilled], NOW, RULES, skills=skills) == [(known, rested)], "who knows the matter"
    waited = caller(since=NOW - timedelta(seconds=60))
    own, other = agent("own", crews=frozenset({"technical"})), agent("other", crews=frozenset({"it"}))
    last = {"own": {"technical": 9}}
    assert pair([waited], [other, own], NOW, OVERFLOWING, skills=last) == [(waited, own)], "their own crew first"


def test_callers_overflow_to_other_crews_after_their_time_and_not_before() -> None:
    it, dispatch = agent("it", crews=frozenset({"it"})), agent("dispatch", crews=frozenset({"dispatch"}))
    waited = caller(since=NOW - timedelta(seconds=60))
    assert pair([caller()], [it, dispatch], NOW, OVERFLOWING) == []
    assert pair([waited], [it, dispatch], NOW, OVERFLOWING) == [(waited, it)]
    own = agent("own", crews=frozenset({"technical"}))
    assert pair([waited], [it, own], NOW, OVERFLOWING) == [(waited, own)], "their own crew first"


def test_one_callback_at_a_time_is_rung_for_an_agent_who_takes_callers_meanwhile() -> None:
    owed, live = caller("owed", call_id=None, callback_id="owed"), caller("live", since=NOW + timedelta(seconds=1))
    assert pair([owed, live], [agent()], NOW, RULES, {"anna"}) == [(live, agent())]
    assert pair([owed], [agent(), agent("bo")], NOW, RULES, {"anna"}) == [(owed, agent("bo"))]


def test_a_callback_that_is_not_due_is_before_nobody() -> None:
    later = NOW + timedelta(hours=1)
    owed = caller("owed", since=NOW - timedelta(hours=1), call_id=None, not_before=later)
    choosing = caller("choosing", since=NOW - timedelta(hours=1), not_before=later)
    assert ahead(caller(), [owed, choosing], NOW) == {"technical": 1}, "who is choosing keeps the place"


def test_never_do_more_callbacks_ring_than_agents_are_free() -> None:
    owed = [caller(id, call_id=None, callback_id=id) for id in ("1", "2", "3")]
    free = [agent("bo"), agent("chen")]
    assert len(pair(owed, free, NOW, RULES)) == 2
    assert len(pair(owed, free, NOW, RULES, {"anna"})) == 1, "one more rings for anna, who talks"
    assert pair(owed, free, NOW, RULES, {"anna", "dora"}) == []
    assert len(pair(owed, [agent(), *free], NOW, RULES, {"anna"})) == 2, "anna is free for hers"
