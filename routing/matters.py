"""Whether two reports are about one matter: the matter, not the ticket that it got, is what is served. Pure."""

from collections.abc import Collection

from routing.model import TicketDraft


def same_matter(owed: TicketDraft, reported: TicketDraft | None, topics: Collection[str]) -> bool:
    """Whether who is owed a talk about `owed` and calls about `told` wants that talk.

    `topics` are the site's; whoever only wants a person, or says nothing, calls about what they are owed.
    """
    if reported is None or reported.topic not in topics:
        return True
    if owed.topic in topics and owed.topic != reported.topic:
        return False
    return owed.place is None or reported.place is None or owed.place == reported.place
