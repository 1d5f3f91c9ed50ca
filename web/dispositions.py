"""How a talk ended, as agents may record it."""

from typing import Literal, get_args

Disposition = Literal["answered", "work_ordered", "handed_over", "caller_left", "wrong_number", "misunderstood"]
DISPOSITIONS: tuple[str, ...] = get_args(Disposition)
