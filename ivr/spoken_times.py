"""Promised times as people say them: "within two hours", "by half past three this afternoon", "tomorrow by noon"."""

import math
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from config.documents import Language
from ivr.speaking import spoken_number, spoken_ordinal

STEP_MIN = 5  # times are said to the next five minutes: never earlier than promised
AS_DURATION_MIN = 120  # up to here a duration is easier to grasp than a time of day
SOON = "as soon as possible"
DURATIONS = {30: "half an hour", 60: "an hour", 75: "an hour and a quarter", 90: "an hour and a half",
             105: "an hour and three quarters", 120: "two hours"}  # fmt: skip
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = ("January", "February", "March", "April", "May", "June", "July",
          "August", "September", "October", "November", "December")  # fmt: skip
PLAIN = ("noon", "midnight")  # need no part of the day
TODAY = {"morning": "this morning", "afternoon": "this afternoon", "evening": "this evening", "night": "tonight"}
ANOTHER_DAY = {"morning": "in the morning", "afternoon": "in the afternoon", "evening": "in the evening",
               "night": "at night"}  # fmt: skip


def spoken_time(by: datetime, now: datetime, zone: str, language: Language) -> str:
    """By when, seen from now, on the clock of a place. `language` other than English: English (see `speaking`)."""
    left_min = round((by - now).total_seconds() / 60)
    if left_min <= 0:
        return SOON
    if left_min <= AS_DURATION_MIN:
        return f"within {spoken_duration(math.ceil(left_min / STEP_MIN) * STEP_MIN)}"
    due = _rounded_up(by.astimezone(ZoneInfo(zone)))
    today = now.astimezone(ZoneInfo(zone)).date()
    if due.hour == 0:
        return _by_midnight(due, today)
    if due.date() == today or (due.hour < 5 and by - now < timedelta(hours=12)):
        return f"by {_clock_today(due)}"
    if due.date() == today + timedelta(days=1):
        return f"tomorrow by {_clock(due)}"
    return f"by {_day(due.date(), today)} at {_clock(due)}"


def spoken_duration(minutes: int) -> str:
    """20 → "twenty minutes"; 60 → "an hour"; at most two hours are said."""
    if minutes in DURATIONS:
        return DURATIONS[minutes]
    if minutes > 60:
        return f"an hour and {spoken_number(minutes - 60, 'en')} minutes"
    return f"{spoken_number(minutes, 'en')} minutes"


def _by_midnight(due: datetime, today: date) -> str:
    """The hour after midnight belongs to the night of the day before, as people count."""
    night, spoken = due.date() - timedelta(days=1), clock_words(due.hour, due.minute)
    if night == today:
        return f"by {spoken}"
    return f"tomorrow by {spoken}" if night == today + timedelta(days=1) else f"by {_day(night, today)} at {spoken}"


def _day(day: date, today: date) -> str:
    weekday = WEEKDAYS[day.weekday()]
    if (day - today).days < 7:
        return weekday
    return f"{weekday} the {spoken_ordinal(day.day, 'en')} of {MONTHS[day.month - 1]}"


def _clock_today(due: datetime) -> str:
    spoken = clock_words(due.hour, due.minute)
    return spoken if spoken.endswith(PLAIN) else f"{spoken} {TODAY[_part_of_day(due.hour)]}"


def _clock(due: datetime) -> str:
    """Part of the day included, except where working people take it for granted: one to six in the afternoon."""
    spoken = clock_words(due.hour, due.minute)
    plain = spoken.endswith(PLAIN) or 13 <= due.hour < 18
    return spoken if plain else f"{spoken} {ANOTHER_DAY[_part_of_day(due.hour)]}"


def clock_words(hour: int, minute: int) -> str:
    """15:30 → "half past three"; 12:00 → "noon"; 9:00 → "nine"; 9:45 → "a quarter to ten"."""
    after, to = _hour(hour), _hour(hour + 1)
    match minute:
        case 0:
            return "noon" if hour == 12 else after
        case 15:
            return f"a quarter past {after}"
        case 30:
            return f"half past {after}"
        case 45:
            return f"a quarter to {to}"
    if minute < 30:
        return f"{spoken_number(minute, 'en')} past {after}"
    return f"{spoken_number(60 - minute, 'en')} to {to}"


def _hour(hour: int) -> str:
    return "midnight" if hour % 24 == 0 else spoken_number((hour - 1) % 12 + 1, "en")


def _part_of_day(hour: int) -> str:
    if hour < 5:
        return "night"
    if hour < 12:
        return "morning"
    return "afternoon" if hour < 18 else "evening"


def _rounded_up(due: datetime) -> datetime:
    over_s = (due.minute % STEP_MIN) * 60 + due.second
    late = timedelta(minutes=STEP_MIN) if over_s > 30 else timedelta()
    return due.replace(minute=due.minute // STEP_MIN * STEP_MIN, second=0, microsecond=0) + late
