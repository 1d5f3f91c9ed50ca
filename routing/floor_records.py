"""What is kept for those who look after the floor."""

from typing import Protocol

from routing.floor import FigureRecords
from routing.help_requests import HelpRequests
from routing.notices import Notices
from routing.wall_links import WallLinks


class FloorRecords(Protocol):
    figures: FigureRecords
    help: HelpRequests
    notices: Notices
    walls: WallLinks
