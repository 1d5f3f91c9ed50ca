"""The order of `routing.policy`, as SQL: what the indexes of the queue are made of, and its queries are sorted by."""

from sqlalchemy import text

from routing.policy import LEVELS, PRESSING, REPEATED

_URGENCIES = " ".join(f"WHEN '{urgency}' THEN {level}" for urgency, level in LEVELS.items())
# Written out, not bound, and without the table's name: only so does either database see that an index serves.
LEVEL = (
    f"(CASE urgency {_URGENCIES} END - CASE WHEN contacts > 0 THEN {REPEATED} ELSE 0 END"
    f" - CASE WHEN pressing THEN {PRESSING} ELSE 0 END)"
)
IN_LINE = text("left_at IS NULL AND call_id IS NOT NULL")
OWED = text("left_at IS NULL AND call_id IS NULL")
UNPRESSED = text("left_at IS NULL AND NOT pressing")
