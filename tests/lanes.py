"""What waits more than it works runs beside what keeps a processor busy: each has workers of its own.

Tests of the wire wait for telephones most of the time; a whole line recognises speech. In turns the one leaves the
processors idle and the other overloads them.
"""

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling
from xdist.workermanage import WorkerController

BUSY = 3  # so many workers for what works, the others for what waits
WAITING = ("tests/wire/", "tests/contract/", "tests/processes/")


class Lanes(LoadFileScheduling):
    """By file, in order; without workers beyond `BUSY` there is one lane for all."""

    def __init__(self, config: pytest.Config, log: Producer | None = None) -> None:
        super().__init__(config, log)
        self.two = self.numnodes > BUSY
        self.busy = set[WorkerController]()  # the workers of that lane; the others have what waits

    def add_node(self, node: WorkerController) -> None:
        """Who comes in the place of one that crashed takes its lane."""
        super().add_node(node)
        if len(self.busy) < BUSY:
            self.busy.add(node)

    def remove_node(self, node: WorkerController) -> str | None:
        self.busy.discard(node)
        crashed: str | None = super().remove_node(node)
        return crashed

    def _assign_work_unit(self, node: WorkerController) -> None:
        if (file := self._next_for(node)) is not None:
            self.workqueue.move_to_end(file, last=False)
            super()._assign_work_unit(node)

    def _reschedule(self, node: WorkerController) -> None:
        """A worker whose lane is empty ends; those of the busy lane take what is left of the other."""
        if not node.shutting_down and self._next_for(node) is None:
            node.shutdown()
        else:
            super()._reschedule(node)

    def _next_for(self, node: WorkerController) -> str | None:
        """The file that this worker takes next."""
        waits = self.two and node not in self.busy
        fitting = (file for file in self.workqueue if not self.two or file.startswith(WAITING) == waits)
        return next(fitting, None if waits else next(iter(self.workqueue), None))
