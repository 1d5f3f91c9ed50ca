"""One press of a key is one key, by however many ways a phone tells of it.

Asterisk hands on keys that came as RTP events (RFC 4733) and as SIP INFO, without saying which; tones are heard by
ourselves; and of INFO we are told beside (`sip_watch`). Who sends an INFO and an event for each press is counted by the
INFOs; who sends a tone and an event, by whichever was first.
"""

from dataclasses import dataclass

SAME_PRESS_S = 2.0  # two ways tell of one press within it: Asterisk plays a key that has no beginning to its full length
TONE_COVERS_S = 0.6  # an event that tells of a tone's press comes when the key is let go


@dataclass
class _Digit:
    """What was told of one key lately."""

    at_s: float = 0.0
    keys: int = 0  # from Asterisk
    infos: int = 0
    given: int = 0
    tone_s: float = -1e9  # when its tone was last heard
    tones: int = 0  # presses known by tone whose event may still come
    key_s: float = -1e9


class Presses:
    """Counts; answers whether what was told is a new press. Time is an argument, in seconds of a monotonic clock."""

    def __init__(self) -> None:
        self._digits = dict[str, _Digit]()

    def info(self, key: str, now_s: float) -> None:
        """A SIP INFO told of it; Asterisk hands the key on, too."""
        self._digit(key, now_s).infos += 1

    def key(self, key: str, now_s: float) -> bool:
        """Asterisk handed it on."""
        digit = self._digit(key, now_s)
        digit.keys += 1
        if digit.tones and now_s - digit.tone_s < TONE_COVERS_S:
            digit.tones = 0
            digit.given = max(digit.infos, digit.keys - digit.infos)
            return False
        digit.key_s = now_s
        if max(digit.infos, digit.keys - digit.infos) <= digit.given:
            return False
        digit.given += 1
        return True

    def tone(self, key: str, now_s: float) -> bool:
        """Its tone has begun."""
        digit = self._digit(key, now_s)
        digit.tone_s = now_s
        if now_s - digit.key_s < TONE_COVERS_S / 2:
            return False
        digit.tones = 1
        return True

    def sounds(self, key: str, now_s: float) -> None:
        """Its tone goes on."""
        self._digit(key, now_s).tone_s = now_s

    def _digit(self, key: str, now_s: float) -> _Digit:
        digit = self._digits.setdefault(key, _Digit(at_s=now_s))
        if now_s - digit.at_s > SAME_PRESS_S:
            digit.keys = digit.infos = digit.given = 0
        digit.at_s = now_s
        return digit
