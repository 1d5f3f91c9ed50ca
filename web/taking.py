"""An agent takes an emergency, the same at the desk's pages and by the API."""

from routing.dispatch import Dispatcher
from routing.emergencies import EmergencyState
from routing.emergency_desk import EmergencyDesk
from routing.model import Agent
from web.auth import Visitor
from web.context import DeskContext
from web.errors import NotNow
from web.ports import Action


async def take_emergency(line: DeskContext, who: Visitor, agent: Agent, emergency_id: str) -> None:
    """The agent's phone rings soon; one whose caller is gone is looked after by them.

    Raises: NotFound, NotNow.
    """
    emergency = await line.records.emergencies.load(emergency_id)
    if emergency.state is EmergencyState.RINGING and not agent.rings_at(emergency.node):
        raise NotNow("Your phone is not registered where this call is: switch it on and try again.")
    dispatcher = Dispatcher(line.records, line.news, line.in_force.waiting, line.now)
    if not await EmergencyDesk(line.records, line.news, dispatcher, line.now).ask(emergency_id, agent):
        raise NotNow("Somebody else is taking this emergency, or has taken it.")
    await line.emergencies.read(anew=True)
    subject = emergency.ticket_id or emergency.call_id
    await line.audit.note(who.actor, Action.EMERGENCY_TAKEN, subject, line.now(), {"emergency": emergency_id})
