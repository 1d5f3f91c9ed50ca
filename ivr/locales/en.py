"""English."""

from datetime import date
from functools import cache

from num2words import num2words

from ivr.locales import letters
from ivr.locales.port import At, Due, NumberWords, Soon, Within
from routing.expected_wait import STEPS_MIN

CODE = "en"

# --- said ----------------------------------------------------------------------------------------

LINK = "at"
SIGNS = {"+": "plus", "#": "hash", "*": "star"}
NOON, EVENING = 12, 18  # hours
SMALL_HOURS = 5  # it is night until then
SOON = "as soon as possible"
DURATIONS = {1: "a minute", 30: "half an hour", 60: "an hour", 75: "an hour and a quarter", 90: "an hour and a half",
             105: "an hour and three quarters", 120: "two hours"}  # fmt: skip
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = ("January", "February", "March", "April", "May", "June", "July",
          "August", "September", "October", "November", "December")  # fmt: skip
PLAIN = ("noon", "midnight")  # need no part of the day
TODAY = {"morning": "this morning", "afternoon": "this afternoon", "evening": "this evening", "night": "tonight"}
ANOTHER_DAY = {"morning": "in the morning", "afternoon": "in the afternoon", "evening": "in the evening",
               "night": "at night"}  # fmt: skip
CLOCK_PARTS = ("by", "at", "past", "to", "the", "of", "half past", "a quarter past", "a quarter to", "noon", "midnight",
               "by noon", "by midnight", "tomorrow", "tomorrow by", "tomorrow by noon", "minutes", "and", "or",
               "an hour and")  # fmt: skip


def number(number: int) -> str:
    """3 → "three"; 25 → "twenty five"."""
    return str(num2words(number, lang=CODE)).replace("-", " ")


def ordinal(number: int) -> str:
    """2 → "second", as in "you are second in line"."""
    return str(num2words(number, to="ordinal", lang=CODE)).replace("-", " ")


def mark(mark: str) -> str:
    return number(int(mark)) if mark.isdigit() else SIGNS.get(mark, mark.upper())


def digits(text: str) -> str:
    """As in "four seven, two one" for 4721."""
    return letters.in_groups(text, mark)


def clock(hour: int, minute: int) -> str:
    """15:30 → "half past three"; 12:00 → "noon"; 9:00 → "nine"; 9:45 → "a quarter to ten"."""
    after, to = _hour(hour), _hour(hour + 1)
    match minute:
        case 0:
            return "noon" if hour == NOON else after
        case 15:
            return f"a quarter past {after}"
        case 30:
            return f"half past {after}"
        case 45:
            return f"a quarter to {to}"
    return f"{number(minute)} past {after}" if minute < 30 else f"{number(60 - minute)} to {to}"


def _hour(hour: int) -> str:
    return "midnight" if hour % 24 == 0 else number((hour - 1) % 12 + 1)


def day(day: date, today: date) -> str:
    """As in "Thursday", or "Monday the thirtieth of November"."""
    weekday = WEEKDAYS[day.weekday()]
    if (day - today).days < 7:
        return weekday
    return _dated(day)


def _dated(day: date) -> str:
    return f"{WEEKDAYS[day.weekday()]} the {ordinal(day.day)} of {MONTHS[day.month - 1]}"


def duration(minutes: int) -> str:
    """20 → "twenty minutes"; 60 → "an hour"."""
    if minutes in DURATIONS:
        return DURATIONS[minutes]
    if minutes > 60:
        return f"an hour and {number(minutes - 60)} minutes"
    return f"{number(minutes)} minutes"


def promise(due: Due) -> str:
    """As in "within two hours", "by half past three this afternoon", "tomorrow by noon"."""
    match due:
        case Soon():
            return SOON
        case Within(minutes):
            return f"within {duration(minutes)}"
        case At() if due.ahead <= 0:
            return f"by {_clock_today(due)}"
        case At() if due.ahead == 1:
            return f"tomorrow by {_clock(due)}"
    return f"by {day(due.day, due.today)} at {_clock(due)}"


def _clock_today(due: At) -> str:
    spoken = clock(due.hour, due.minute)
    return spoken if _is_plain(due, spoken) else f"{spoken} {TODAY[_part_of_day(due.hour)]}"


def _clock(due: At) -> str:
    """Part of the day included, except where working people take it for granted: one to six in the afternoon."""
    spoken = clock(due.hour, due.minute)
    plain = _is_plain(due, spoken) or 13 <= due.hour < EVENING
    return spoken if plain else f"{spoken} {ANOTHER_DAY[_part_of_day(due.hour)]}"


def _is_plain(due: At, spoken: str) -> bool:
    return due.hour == 0 or spoken.endswith(PLAIN)


def day_part(hour: int, day: date, today: date) -> str:
    """As in "this afternoon", "tomorrow morning", "Monday the thirtieth of November in the morning"."""
    part, ahead = _part_of_day(hour), (day - today).days
    if ahead <= 0:
        return TODAY[part]
    if ahead < 7:
        return f"{'tomorrow' if ahead == 1 else WEEKDAYS[day.weekday()]} {part}"
    return f"{_dated(day)} {ANOTHER_DAY[part]}"


def _part_of_day(hour: int) -> str:
    if hour < SMALL_HOURS:
        return "night"
    if hour < NOON:
        return "morning"
    return "afternoon" if hour < EVENING else "evening"


@cache
def vocabulary() -> tuple[str, ...]:
    numbers = map(number, (*range(13), 20, 25))  # digits and the clock
    ordinals = map(ordinal, range(1, 32))
    durations = (f"within {duration(minutes)}" for minutes in range(5, 125, 5))
    days = (*WEEKDAYS, *(f"by {day}" for day in WEEKDAYS), *MONTHS)
    day_parts = (*TODAY, *TODAY.values(), *ANOTHER_DAY.values())
    words = (
        *numbers,
        *ordinals,
        *durations,
        *map(duration, STEPS_MIN),
        *days,
        *day_parts,
        *CLOCK_PARTS,
        SOON,
        *letters.SPELT,
    )
    return tuple(dict.fromkeys((*words, *SIGNS.values())))


# --- heard ---------------------------------------------------------------------------------------

_TENS = range(20, 100, 10)
NUMBERS = NumberWords(
    values={number(value): value for value in (*range(20), *_TENS)} | {"nought": 0, "nil": 0, "oh": 0},
    hundreds=frozenset({"hundred"}),
    joins=frozenset({"and"}),
    points=frozenset({"point", "dot", "decimal", "period"}),
    repeats={"double": 2, "triple": 3},
)
NUMBER_NOUNS = frozenset({"number"})
ARTICLES = frozenset({"the", "a", "an"})
ARTICLE_LETTERS = frozenset({"a"})
AND = "and"
ENDINGS = ("n't",)
SPLITS = 1

words = letters.words
pauses = letters.pauses
ends_sentence = letters.ends_sentence

# Consonants by class, every vowel alike, ends of words forgotten.
sound = letters.Spelling(
    ("th", "t"), (r"[^a-z ]", ""), (r"\bkn", "n"), (r"\bwr", "r"), ("tion", "jn"), (r"[sc]c?i(?=ous)", "j"),
    ("ph", "f"), (r"gh(?=t|\b)", ""), (r"c(?=[eiy])", "s"), (r"g(?=[eiy])", "j"), ("tch|[cst]h|dg", "j"),
    ("x", "ks"), ("[ckqg]", "k"), ("[bp]", "p"), ("[dt]", "t"), ("[fv]", "f"), ("[sz]", "s"), (r"e\b", ""),
    ("[aeiouyw]+", "a"), ("h", ""),
).sound  # fmt: skip
