"""A small edition and accounts for tests of the desk."""

from config.documents import (
    AgentAccount,
    CallbackRules,
    Contact,
    Crew,
    Edition,
    EmergencyRules,
    Hours,
    Place,
    Site,
    Topic,
    TopicLimits,
    WaitingRules,
)

PEOPLE = tuple(AgentAccount(login=login, name=name) for login, name in (("anna", "Anna de Vries"), ("bo", "Bo Ek")))
WEEK = dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), ("08:00", "17:00")) | {"sat": None, "sun": None}


def small_edition() -> Edition:
    """One crew, three topics, two wards, opening hours in Amsterdam."""
    site = Site(
        id="demo", name={"en": "Saint Lucas Hospital"}, zone="Europe/Amsterdam", region="NL",
        hours=Hours(country="NL", week=WEEK),
        emergency=EmergencyRules(urgent_phones=("urgent1",), fallback_numbers=("fallback1",)), waiting=WaitingRules(),
        callback=CallbackRules(dial_patterns=("[1-9][0-9]{2,4}",)),
        crews=tuple(Crew(id=name, name={"en": f"{name} services"}) for name in ("dispatch", "technical")),
        contacts=(Contact(number="204", name="Ward 4 desk", place="ward-4"),),
        fallback_phones=("fallback1",), agents=PEOPLE,
    )  # fmt: skip
    return Edition(
        site=site, topics={topic.id: topic for topic in _topics()}, assets=(), prompts={}, languages={}, flows={},
        places=tuple(Place(id=f"ward-{n}", name={"en": f"ward {n}"}, code=f"0{n}") for n in (4, 5)),
    )  # fmt: skip


def _topics() -> list[Topic]:
    limits = TopicLimits(accepted=15, completed=240)
    return [
        Topic(id=name, name={"en": f"a {name} problem"}, crew="technical", urgency="normal", limits=limits, phrases={})
        for name in ("plumbing", "electrical", "lift")
    ]
