"""Times as people read them, in the site's zone; pages keep ages fresh by the machine-readable part."""

from datetime import datetime
from zoneinfo import ZoneInfo

from markupsafe import Markup


def clock(at: datetime, now: datetime, zone: ZoneInfo) -> Markup:
    """14:05:09 on the same day, else Sun 22 Nov 14:05:09."""
    local, today = at.astimezone(zone), now.astimezone(zone).date()
    shown = local.strftime("%H:%M:%S" if local.date() == today else "%a %-d %b %H:%M:%S")
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        at.isoformat(), local.strftime("%A %-d %B %Y %H:%M:%S %Z"), shown
    )


def moment(at: datetime, now: datetime, zone: ZoneInfo) -> Markup:
    """14:05 on the same day, else Sun 22 Nov 14:05."""
    local, today = at.astimezone(zone), now.astimezone(zone).date()
    shown = local.strftime("%H:%M" if local.date() == today else "%a %-d %b %H:%M")
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        at.isoformat(), local.strftime("%A %-d %B %Y %H:%M:%S %Z"), shown
    )


def ago(at: datetime, now: datetime) -> Markup:
    """How long since, or until: `4 min`, `in 2 h 10`; the page counts on from `datetime`."""
    seconds = int((now - at).total_seconds())
    text = span(abs(seconds))
    return Markup('<time class="age" datetime="{}">{}</time>').format(
        at.isoformat(), f"in {text}" if seconds < 0 else text
    )


def stopwatch(at: datetime, now: datetime) -> Markup:
    """How long since, to the second: `4:07`, `1:02:07`; the page counts on from `datetime`."""
    return Markup('<time class="age exact" datetime="{}">{}</time>').format(
        at.isoformat(), exact(max(0, int((now - at).total_seconds())))
    )


def exact(seconds: int) -> str:
    """`0:42`, `4:07`, `1:02:07`."""
    minutes, hours = seconds // 60, seconds // 3600
    return f"{hours}:{minutes % 60:02d}:{seconds % 60:02d}" if hours else f"{minutes}:{seconds % 60:02d}"


def lasted(start: datetime, end: datetime) -> str:
    """How long from one to the other; it does not count on."""
    return span(max(0, int((end - start).total_seconds())))


def span(seconds: int) -> str:
    """A duration: `42 s`, `4 min`, `2 h 10`, `3 d 4 h`."""
    if seconds < 60:
        return f"{seconds} s"
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if minutes < 60:
        return f"{minutes} min"
    if hours < 24:
        return f"{hours} h {minutes % 60:02d}"
    return f"{days} d {hours % 24} h"
