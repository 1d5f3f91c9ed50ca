"""Promised times: how near they are, and therefore how they are said; the words are the language's (`ivr.locales`)."""

import math
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from config.documents import Language
from ivr.locales.port import At, Due, Soon, Within
from ivr.locales.registry import locale

STEP_MIN = 5  # times are said to the next five minutes: never earlier than promised
AS_DURATION_MIN = 120  # up to here a duration is easier to grasp than a time of day
SMALL_HOURS = 5  # until then it is still the night before, for who is told of it that evening
SAME_NIGHT = timedelta(hours=12)


def spoken_time(by: datetime, now: datetime, zone: str, language: Language) -> str:
    """By when, seen from now, on the clock of a place."""
    return locale(language).promise(due(by, now, zone))


def spoken_part(begins: datetime, now: datetime, zone: str, language: Language) -> str:
    """The part of a day that begins then, seen from now, on the clock of a place."""
    at, today = begins.astimezone(ZoneInfo(zone)), now.astimezone(ZoneInfo(zone)).date()
    return locale(language).day_part(at.hour, at.date(), today)


def due(by: datetime, now: datetime, zone: str) -> Due:
    """What is to be said of a promised time."""
    left_min = round((by - now).total_seconds() / 60)
    if left_min <= 0:
        return Soon()
    if left_min <= AS_DURATION_MIN:
        return Within(math.ceil(left_min / STEP_MIN) * STEP_MIN)
    at = _rounded_up(by.astimezone(ZoneInfo(zone)))
    today, day = now.astimezone(ZoneInfo(zone)).date(), at.date()
    if at.hour == 0:  # people count that hour to the night of the day before
        day -= timedelta(days=1)
    elif at.hour < SMALL_HOURS and by - now < SAME_NIGHT:
        day = today
    return At(at.hour, at.minute, day, today)


def _rounded_up(due: datetime) -> datetime:
    over_s = (due.minute % STEP_MIN) * 60 + due.second
    late = timedelta(minutes=STEP_MIN) if over_s > 30 else timedelta()
    return due.replace(minute=due.minute // STEP_MIN * STEP_MIN, second=0, microsecond=0) + late
