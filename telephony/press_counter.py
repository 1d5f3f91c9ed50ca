"""One press of a key is one key, by however many ways a phone tells of it.

Asterisk hands on keys that came as RTP events (RFC 4733) and as SIP INFO, and does not say which; of an INFO the SIP
trace tells us beside; tones we hear ourselves. Whoever sends an INFO and an event for each press is counted by the
INFOs; whoever sends a tone and an event, by the one that came first.
"""

from dataclasses import dataclass

SAME_PRESS_S = 2.0  # two ways tell of one press within it: Asterisk plays a key without a beginning to its full length
LATE_S = 15.0  # keys told twice come ever later while many are pressed: no INFO is forgotten sooner
ECHO_S = 0.3  # the end of a tone whose event came first


@dataclass
class _Told:
    """What was told of one key lately."""

    at_s: float
    keys: int = 0  # from Asterisk
    infos: int = 0
    given: int = 0  # presses, of those that Asterisk told of
    key_s: float = -SAME_PRESS_S
    owed_event_s: float = -SAME_PRESS_S  # a press that its tone has told, and whose event may still come


class PressCounter:
    """Returns whether what is told is a new press; time is an argument, in seconds of a monotonic clock."""

    def __init__(self) -> None:
        self._told = dict[str, _Told]()

    def info(self, key: str, now_s: float) -> None:
        """A SIP INFO told of it; Asterisk hands the key on, too."""
        self._of(key, now_s).infos += 1

    def key(self, key: str, now_s: float) -> bool:
        """Asterisk handed it on."""
        told = self._of(key, now_s)
        told.keys += 1
        told.key_s = now_s
        new = told.given < min(told.keys, max(told.infos, told.keys - told.infos))
        told.given += new
        if new and now_s - told.owed_event_s < SAME_PRESS_S:
            told.owed_event_s = -SAME_PRESS_S
            return False
        return new

    def tone(self, key: str, now_s: float) -> bool:
        """Its tone was heard."""
        told = self._of(key, now_s)
        if now_s - told.key_s < ECHO_S:
            return False
        told.owed_event_s = now_s
        return True

    def _of(self, key: str, now_s: float) -> _Told:
        told = self._told.setdefault(key, _Told(now_s))
        all_came = told.keys >= told.infos
        if now_s - told.at_s > (SAME_PRESS_S if all_came else LATE_S):
            told.keys = told.infos = told.given = 0
        told.at_s = now_s
        return told
