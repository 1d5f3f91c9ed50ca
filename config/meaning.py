"""What documents must mean, beyond their form: numbers in range, names that exist, hours that open, rules that agree.

Each fault is one sentence that names the file, the field and what is allowed. Only what is read from the folder is
judged: an edition that was in force before goes on as it was, for the calls that began with it.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from string import Formatter
from typing import Any

import holidays
import phonenumbers

from config.documents import BROWSER_SUFFIX, WEEKDAYS, Edition, Hours, Site, closing_minute, opening_minute

Fault = str
DAY_S = 86_400
LAST_MINUTE = 24 * 60
MOST_ATTEMPTS = 20

# Field of site.yaml → least and most, both allowed.
RANGES: Mapping[str, tuple[float, float]] = {
    "emergency.ring_s": (1, 120),
    "waiting.ring_s": (1, 300),
    "waiting.pop_s": (0.5, 60),
    "waiting.position_every_s": (1, 3_600),
    "waiting.offer_callback_after_s": (1, 3_600),
    "waiting.limit_s": (1, DAY_S),
    "waiting.wrap_up_limit_s": (1, DAY_S),
    "waiting.stale_page_s": (1, 600),
    "waiting.promise_notice_s": (0, DAY_S),
    "waiting.repeat_contacts": (2, 100),
    "waiting.repeat_window_h": (1, 8_760),
    "waiting.surge_ahead": (0, 100_000),
    "callback.attempts": (1, MOST_ATTEMPTS),
    "callback.spacing_s": (1, DAY_S),
    "callback.ring_s": (1, 120),
    "callback.at_once": (1, 100),
    "callback.times_offered": (0, 6),
}
PHONE = re.compile(r"[A-Za-z0-9+][A-Za-z0-9_.@+-]*")
VARIABLES = {
    "topic",
    "place",
    "ticket",
    "time",
    "phone",
    "position",
    "stage",
    "number",
    "keyed",
    "choice",
    "other",
    "wait",
    "when",
}
EVERYWHERE = "112"  # reaches the emergency services from any mobile phone (3GPP TS 22.101)


def faults(edition: Edition) -> list[Fault]:
    """Everything in the documents that cannot be meant, as sentences; empty when all may be used."""
    looks: Sequence[Callable[[Edition], Iterator[Fault]]] = (
        _site, _again, _hours, _emergency, _dialling, _people, _overflow, _topics, _places, _assets, _languages,
        _prompts,
    )  # fmt: skip
    return [fault for look in looks for fault in look(edition)]


def _site(edition: Edition) -> Iterator[Fault]:
    site = edition.site
    for field, (least, most) in RANGES.items():
        value = _field(site, field)
        if not least <= value <= most:
            yield f"site.yaml: {field}: {value} is not between {least} and {most}."
    for shorter in ("offer_callback_after_s", "position_every_s"):
        if _field(site.waiting, shorter) > site.waiting.limit_s:
            yield f"site.yaml: waiting.{shorter}: is longer than waiting.limit_s, so it would never come to it."
    if site.region not in phonenumbers.SUPPORTED_REGIONS:
        yield f"site.yaml: region: “{site.region}” is no region of the telephone network, such as NL or GB."
    if not re.fullmatch(r"[0-9]{2,6}", site.national_emergency):
        yield "site.yaml: national_emergency: must be two to six digits, such as 112."


def _again(edition: Edition) -> Iterator[Fault]:
    for result, rule in edition.site.callback.again.items():
        for field, value, most in (("after_s", rule.after_s, DAY_S), ("times", rule.times, MOST_ATTEMPTS)):
            if value is not None and not 1 <= value <= most:
                yield f"site.yaml: callback.again.{result}.{field}: {value} is not between 1 and {most}."


def _field(of: Any, path: str) -> Any:
    for name in path.split("."):
        of = getattr(of, name)
    return of


def _hours(edition: Edition) -> Iterator[Fault]:
    hours = edition.site.hours
    yield from _country(hours)
    spans: dict[int, tuple[int, int]] = {}  # number of the day → minutes after the week's first midnight
    for number, day in enumerate(WEEKDAYS):
        if (span := hours.week.get(day)) is None:
            continue
        opens, closes = opening_minute(span[0]), closing_minute(span)
        if opens is None or closes is None:
            yield f"site.yaml: hours.week.{day}: {list(span)} are not two times such as '08:00' and '17:30'."
        elif closes == opens:
            yield f"site.yaml: hours.week.{day}: opens and closes at {span[0]}; round the clock is '00:00' to '24:00'."
        else:
            spans[number] = (number * LAST_MINUTE + opens, number * LAST_MINUTE + closes)
    if not any(hours.week.values()):
        yield "site.yaml: hours.week: no day opens; at least one day needs two times, such as '08:00' and '17:30'."
    for number, (_, closes) in spans.items():
        following = spans.get((number + 1) % 7)
        if following and closes > following[0] + (7 * LAST_MINUTE if number == 6 else 0):
            names = f"{WEEKDAYS[number]} closes after {WEEKDAYS[(number + 1) % 7]} opens"
            yield f"site.yaml: hours.week: {names}; hours of two days must not overlap."


def _country(hours: Hours) -> Iterator[Fault]:
    countries = holidays.list_supported_countries()
    if hours.country not in countries:
        yield f"site.yaml: hours.country: “{hours.country}” is no country whose holidays are known, such as NL or GB."
    elif hours.subdivision and hours.subdivision not in countries[hours.country]:
        allowed = ", ".join(countries[hours.country]) or "none"
        yield f"site.yaml: hours.subdivision: {hours.country} has no “{hours.subdivision}”; it has {allowed}."


def _emergency(edition: Edition) -> Iterator[Fault]:
    emergency = edition.site.emergency
    if not re.fullmatch(r"[1-9]", emergency.key):
        yield f"site.yaml: emergency.key: “{emergency.key}” is not one of the keys 1 to 9."
    groups = {
        "emergency.urgent_phones": emergency.urgent_phones,
        "emergency.fallback_numbers": emergency.fallback_numbers,
        "fallback_phones": edition.site.fallback_phones,
    }
    for field, phones in groups.items():
        if not phones and field != "fallback_phones":
            yield f"site.yaml: {field}: is empty; an emergency needs at least one phone in each group."
        yield from (f"site.yaml: {field}: “{p}” is no phone or number." for p in phones if not PHONE.fullmatch(p))
        yield from _doubles(f"site.yaml: {field}", phones)


def _dialling(edition: Edition) -> Iterator[Fault]:
    site = edition.site
    if not site.callback.dial_patterns:
        yield "site.yaml: callback.dial_patterns: is empty; nobody could be called back."
    for pattern in site.callback.dial_patterns:
        where = f"site.yaml: callback.dial_patterns: “{pattern}”"
        try:
            compiled = re.compile(pattern)
        except re.error as error:
            yield f"{where} is no regular expression: {error}."
            continue
        if allowed := sorted(number for number in _emergency_numbers(site) if compiled.fullmatch(number)):
            yield f"{where} allows the emergency number {allowed[0]}; patterns must match none."


def _emergency_numbers(site: Site) -> set[str]:
    """Of the country: all of three digits that it has."""
    known = {f"{number:03}" for number in range(1_000)} if site.region in phonenumbers.SUPPORTED_REGIONS else set()
    return {site.national_emergency, EVERYWHERE} | {
        number for number in known if phonenumbers.is_emergency_number(number, site.region)
    }


def _people(edition: Edition) -> Iterator[Fault]:
    site = edition.site
    crews = {crew.id for crew in site.crews}
    places = {place.id for place in edition.places}
    yield from _doubles("site.yaml: crews", [crew.id for crew in site.crews])
    if site.default_crew not in crews:
        yield f"site.yaml: default_crew: there is no crew “{site.default_crew}”."
    for agent in site.agents:
        yield from (f"site.yaml: agents.{agent.login}: there is no crew “{c}”." for c in agent.crews if c not in crews)
        not_theirs = [crew for crew in agent.skills if crew not in agent.crews]
        yield from (f"site.yaml: agents.{agent.login}.skills: they are not of the crew “{c}”." for c in not_theirs)
    yield from _doubles("site.yaml: agents", [agent.login for agent in site.agents])
    phones = [agent.phone for agent in site.agents if agent.phone]
    yield from _doubles("site.yaml: agents' phones", phones)
    for phone in phones:
        if phone.endswith(BROWSER_SUFFIX):
            yield f"site.yaml: agents: “{phone}” is how the phone in a browser is named; leave “{BROWSER_SUFFIX}” out."
    for contact in site.contacts:
        if contact.place is not None and contact.place not in places:
            yield f"site.yaml: contacts.{contact.number}: there is no place “{contact.place}”."
    yield from _doubles("site.yaml: contacts", [contact.number for contact in site.contacts])


def _overflow(edition: Edition) -> Iterator[Fault]:
    crews = {crew.id for crew in edition.site.crews}
    for crew, others in edition.site.waiting.overflow.items():
        where = f"site.yaml: waiting.overflow.{crew}"
        named = {crew, *(other.to for other in others)}
        yield from (f"{where}: there is no crew “{name}”." for name in sorted(named - crews))
        yield from _doubles(where, [crew, *(other.to for other in others)])
        if any(not 0 <= other.after_s <= DAY_S for other in others):
            yield f"{where}: after_s: is not between 0 and {DAY_S}."


def _topics(edition: Edition) -> Iterator[Fault]:
    crews = {crew.id for crew in edition.site.crews}
    for topic in edition.topics.values():
        where, limits = f"topics/{topic.id}.yaml", topic.limits
        if topic.crew not in crews:
            yield f"{where}: crew: there is no crew “{topic.crew}”."
        if not limits.accepted <= (limits.arrived or limits.accepted) <= limits.completed:
            yield f"{where}: limits: must grow from accepted over arrived to completed."
        if topic.critical and limits.working:
            yield f"{where}: limits.working: a critical topic is served round the clock and counts no opening hours."
        if not _spoken(edition, f"promise_{topic.promise}"):
            yield f"{where}: promise: there is no prompt “promise_{topic.promise}”."
        yield from _named(where, topic.name, edition)


def _places(edition: Edition) -> Iterator[Fault]:
    parents = {place.id: place.parent for place in edition.places}
    yield from _doubles("places.yaml: ids", [place.id for place in edition.places])
    yield from _doubles("places.yaml: codes", [place.code for place in edition.places])
    for place in edition.places:
        where = f"places.yaml: {place.id}"
        if not re.fullmatch(r"[0-9]{1,16}", place.code):
            yield f"{where}: code: “{place.code}” is not 1 to 16 digits."
        if place.parent is not None and place.parent not in parents:
            yield f"{where}: parent: there is no place “{place.parent}”."
        if _in_itself(place.id, parents):
            yield f"{where}: parent: the place would lie in itself."
        yield from _named(where, place.name, edition)


def _in_itself(id: str, parents: Mapping[str, str | None]) -> bool:
    seen, at = set(), parents.get(id)
    while at is not None and at not in seen:
        seen.add(at)
        at = parents.get(at)
    return id in seen


def _assets(edition: Edition) -> Iterator[Fault]:
    places = {place.id for place in edition.places}
    yield from _doubles("assets.yaml: ids", [asset.id for asset in edition.assets])
    for asset in edition.assets:
        if asset.place is not None and asset.place not in places:
            yield f"assets.yaml: {asset.id}: place: there is no place “{asset.place}”."
        yield from _named(f"assets.yaml: {asset.id}", asset.name, edition)


def _languages(edition: Edition) -> Iterator[Fault]:
    if not edition.site.languages:
        yield "site.yaml: languages: is empty; the line needs at least one."
    for language in edition.site.languages:
        if language not in edition.languages:
            yield f"site.yaml: languages: there is no languages/{language}.yaml, so nothing would be understood in it."
        if language not in edition.prompts:
            yield f"site.yaml: languages: there is no prompts/{language}.yaml, so nothing would be said in it."
    for name, pack in edition.languages.items():
        if pack.language != name:
            yield f"languages/{name}.yaml: language: is “{pack.language}”, but the file is named for “{name}”."
        needed = {"emergency": pack.emergency, "person": pack.person, "yes": pack.yes, "no": pack.no}
        yield from (f"languages/{name}.yaml: {field}: is empty." for field, lines in needed.items() if not lines)


def _prompts(edition: Edition) -> Iterator[Fault]:
    for language, prompts in edition.prompts.items():
        for key, text in prompts.items():
            where = f"prompts/{language}.yaml: {key}"
            try:
                names = {name for _, name, _, _ in Formatter().parse(text) if name is not None}
            except ValueError as error:
                yield f"{where}: {error}."
                continue
            if unknown := names - VARIABLES:
                allowed = ", ".join(sorted(VARIABLES))
                yield f"{where}: {{{sorted(unknown)[0]}}} is none of the values there are: {allowed}."


def _spoken(edition: Edition, key: str) -> bool:
    return any(key in prompts for prompts in edition.prompts.values())


def _named(where: str, name: Mapping[str, str], edition: Edition) -> Iterator[Fault]:
    """A name in some language at least: the others fall back to it."""
    if not any(text.strip() for text in name.values()):
        yield f"{where}: name: is empty; it needs a text in one of {', '.join(edition.site.languages)}."


def _doubles(where: str, values: Iterable[str]) -> Iterator[Fault]:
    yield from (f"{where}: “{value}” is there twice." for value, count in Counter(values).items() if count > 1)
