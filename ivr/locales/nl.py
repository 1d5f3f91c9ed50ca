"""Dutch."""

import unicodedata
from datetime import date
from functools import cache

from num2words import num2words

from ivr.locales import letters
from ivr.locales.port import At, Due, NumberWords, Soon, Within
from routing.expected_wait import STEPS_MIN

CODE = "nl"

# --- said ----------------------------------------------------------------------------------------

LINK = "bij"
SIGNS = {"+": "plus", "#": "hekje", "*": "sterretje"}
NOON, EVENING = 12, 18  # hours
SMALL_HOURS = 5  # it is night until then
SOON = "zo snel mogelijk"
DURATIONS = {1: "een minuut", 15: "een kwartier", 30: "een half uur", 45: "drie kwartier", 60: "een uur",
             75: "een uur en een kwartier", 90: "anderhalf uur", 105: "een uur en drie kwartier",
             120: "twee uur"}  # fmt: skip
WEEKDAYS = ("maandag", "dinsdag", "woensdag", "donderdag", "vrijdag", "zaterdag", "zondag")
MONTHS = ("januari", "februari", "maart", "april", "mei", "juni", "juli", "augustus", "september", "oktober",
          "november", "december")  # fmt: skip
TODAY = {"ochtend": "vanochtend", "middag": "vanmiddag", "avond": "vanavond", "nacht": "vannacht"}
ANOTHER_DAY = {"ochtend": "'s ochtends", "middag": "'s middags", "avond": "'s avonds", "nacht": "'s nachts"}
CLOCK_PARTS = ("uiterlijk", "om", "over", "voor", "half", "voor half", "over half", "kwart over", "kwart voor", "uur",
               "middernacht", "uiterlijk om middernacht", "uiterlijk morgen om", "morgennacht")  # fmt: skip


def number(number: int) -> str:
    """As in "eenentwintig"; a single one has its accents, without which it is an article."""
    return str(num2words(number, lang=CODE))


def ordinal(number: int) -> str:
    """As in "tweede"; prompts put the article before it."""
    return str(num2words(number, to="ordinal", lang=CODE))


def mark(mark: str) -> str:
    return number(int(mark)) if mark.isdigit() else SIGNS.get(mark, mark.upper())


def digits(text: str) -> str:
    """As in "vier zeven, twee één" for 4721."""
    return letters.in_groups(text, mark)


def clock(hour: int, minute: int) -> str:
    """15:20 → "tien voor half vier"; 12:00 → "twaalf uur"; 0:00 → "middernacht"."""
    after, to = _hour(hour), _hour(hour + 1)
    match minute:
        case 0:
            return f"{after} uur" if hour else "middernacht"
        case 15:
            return f"kwart over {after}"
        case 30:
            return f"half {to}"
        case 45:
            return f"kwart voor {to}"
    if minute < 15:
        return f"{number(minute)} over {after}"
    if minute > 45:
        return f"{number(60 - minute)} voor {to}"
    return f"{number(30 - minute)} voor half {to}" if minute < 30 else f"{number(minute - 30)} over half {to}"


def _hour(hour: int) -> str:
    return number((hour - 1) % 12 + 1)


def day(day: date, today: date) -> str:
    """As in "donderdag", or "maandag dertig november"."""
    return _day(day, today, WEEKDAYS[day.weekday()])


def _day(day: date, today: date, weekday: str) -> str:
    return weekday if (day - today).days < 7 else f"{weekday} {number(day.day)} {MONTHS[day.month - 1]}"


def duration(minutes: int) -> str:
    """20 → "twintig minuten"; 90 → "anderhalf uur"."""
    if minutes in DURATIONS:
        return DURATIONS[minutes]
    if minutes > 60:
        return f"een uur en {number(minutes - 60)} minuten"
    return f"{number(minutes)} minuten"


def promise(due: Due) -> str:
    """As in "binnen twee uur", "uiterlijk vanmiddag om half vier", "uiterlijk morgen om middernacht"."""
    match due:
        case Soon():
            return SOON
        case Within(minutes):
            return f"binnen {duration(minutes)}"
    return f"uiterlijk {_midnight(due) if (due.hour, due.minute) == (0, 0) else _at(due)}"


def _midnight(due: At) -> str:
    """At the end of the day."""
    if due.ahead <= 0:
        return "om middernacht"
    return f"{'morgen' if due.ahead == 1 else day(due.day, due.today)} om middernacht"


def _at(due: At) -> str:
    spoken, part = f"om {clock(due.hour, due.minute)}", _part_of_day(due.hour)
    if due.ahead <= 0:
        return f"{TODAY[part]} {spoken}"
    if due.hour == 0:  # the night after that day
        night = f"{WEEKDAYS[due.day.weekday()]}nacht"
        return f"{'morgennacht' if due.ahead == 1 else _day(due.day, due.today, night)} {spoken}"
    return f"{'morgen' if due.ahead == 1 else day(due.day, due.today)} {spoken} {ANOTHER_DAY[part]}"


def day_part(hour: int, day: date, today: date) -> str:
    """As in "vanmiddag", "morgenochtend", "maandagavond", "maandag dertig november 's ochtends"."""
    part, ahead = _part_of_day(hour), (day - today).days
    if ahead <= 0:
        return TODAY[part]
    if ahead < 7:
        return f"{'morgen' if ahead == 1 else WEEKDAYS[day.weekday()]}{part}"
    return f"{_day(day, today, WEEKDAYS[day.weekday()])} {ANOTHER_DAY[part]}"


def _part_of_day(hour: int) -> str:
    if hour < SMALL_HOURS:
        return "nacht"
    if hour < NOON:
        return "ochtend"
    return "middag" if hour < EVENING else "avond"


@cache
def vocabulary() -> tuple[str, ...]:
    numbers = map(number, range(32))  # digits, the clock and days of the month
    ordinals = map(ordinal, range(1, 32))
    durations = (f"binnen {duration(minutes)}" for minutes in range(5, 125, 5))
    days = (*WEEKDAYS, *(f"uiterlijk {day}" for day in WEEKDAYS), *(f"{day}nacht" for day in WEEKDAYS), *MONTHS)
    today = (*TODAY.values(), *(f"uiterlijk {part} om" for part in TODAY.values()))
    parts = (f"{day}{part}" for day in ("morgen", *WEEKDAYS) for part in ("ochtend", "middag", "avond"))
    words = (
        *numbers,
        *ordinals,
        *durations,
        *map(duration, STEPS_MIN),
        *days,
        *today,
        *parts,
        *ANOTHER_DAY.values(),
        *CLOCK_PARTS,
        SOON,
        *letters.SPELT,
    )
    return tuple(dict.fromkeys((*words, *SIGNS.values())))


# --- heard ---------------------------------------------------------------------------------------


def _plain(word: str) -> str:
    """Without accents and diaereses, which recognisers write or leave out."""
    return "".join(mark for mark in unicodedata.normalize("NFKD", word) if not unicodedata.combining(mark))


def _spellings(word: str) -> tuple[str, ...]:
    return word, _plain(word)


NUMBERS = NumberWords(
    values={spelt: value for value in range(1_000) for spelt in _spellings(number(value))},
    hundreds=frozenset({"honderd"}),
    joins=frozenset({"en"}),
    points=frozenset({"punt", "komma"}),
    repeats={"dubbel": 2, "dubbele": 2, "driedubbel": 3},
    units_first=True,
    articles=frozenset({"een"}),
)
NUMBER_NOUNS = frozenset({"nummer"})
ARTICLES = frozenset({"de", "het", "een"})
ARTICLE_LETTERS = frozenset[str]()
AND = "en"
ENDINGS = ()
SPLITS = 2

words = letters.words
pauses = letters.pauses
ends_sentence = letters.ends_sentence

# Final consonants are voiceless, g and ch are one sound, -en loses its n, every vowel is alike.
_SPELLING = letters.Spelling(
    (r"[^a-z ]", ""), (r"isch(e?)\b", r"is\1"), (r"tie\b", "sie"), ("ch", "g"), ("th", "t"), ("ph", "f"), ("ij", "y"),
    (r"c(?=[eiy])", "s"), ("qu", "kw"), ("x", "ks"), ("[ckq]", "k"), (r"en\b", "e"), ("[bp]", "p"), ("[dt]", "t"),
    ("[fvw]", "f"), ("[sz]", "s"), ("ng", "n"), ("[aeiouy]+", "a"), ("h", ""),
)  # fmt: skip


def sound(words: str) -> str:
    return _SPELLING.sound(_plain(words))
