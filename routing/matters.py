"""Whether two reports are about one matter: the matter, not the ticket that it got, is what is served. Pure."""

from collections.abc import Collection

from routing.model import TicketDraft


def same_matter(owed: TicketDraft, told: TicketDraft | None, topics: Collection[str]) -> bool:
    """Whether who is owed a talk about `owed` and calls about `told` wants that talk.

    `topics` are the site's; whoever only wants a person, or says nothing, calls about what they are owed.
    """
    if told is None or told.topic not in topics:
        return True
    if owed.topic in topics and owed.topic != told.topic:
        return False
    return owed.place is None or told.place is None or owed.place == told.place
