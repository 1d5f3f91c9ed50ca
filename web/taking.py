"""An agent takes an emergency, the same at the desk's pages and by the API."""

from routing.dispatch import Dispatcher
from routing.emergencies import EmergencyState
from routing.emergency_desk import EmergencyDesk
from routing.model import Agent
from web.auth import Visitor
from web.context import DeskContext
from web.errors import NotNow
from web.ports import Action


async def take_emergency(context: DeskContext, who: Visitor, agent: Agent, emergency_id: str) -> None:
    """The agent's phone rings soon; one whose caller is gone is looked after by them.

    Raises: NotFound, NotNow.
    """
    emergency = await context.records.emergencies.load(emergency_id)
    if emergency.state is EmergencyState.RINGING and not agent.phone_registered:
        raise NotNow("Your phone is not registered: switch it on and try again.")
    dispatcher = Dispatcher(context.records, context.news, context.in_force.waiting, context.now)
    if not await EmergencyDesk(context.records, context.news, dispatcher, context.now).ask(emergency_id, agent):
        raise NotNow("Somebody else is taking this emergency, or has taken it.")
    await context.emergencies.read(anew=True)
    subject = emergency.ticket_id or emergency.call_id
    await context.audit.note(who.actor, Action.EMERGENCY_TAKEN, subject, context.now(), {"emergency": emergency_id})
