"""The keys of one turn, read from the leg: the first that answers, and what belongs to it."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ivr.actions import Pressed
from ivr.keypad import DigitMap, Keypad, KeyRole, OpenNumber
from ivr.ports import Key, Leg
from routing.event_types import EventType

Note = Callable[[EventType, Mapping[str, Any], Mapping[str, Any]], None]  # event type, payload, private part


@dataclass(frozen=True)
class Keying:
    leg: Leg
    keypad: Keypad
    note: Note
    number: DigitMap | None  # keys make a number; None: each key is an answer
    ahead: bool  # keys pressed before the question began may answer it

    async def first(self) -> Key:
        """The first key that is an answer; what was pressed for something earlier is noted and forgotten."""
        while (verdict := self._weighed(key := await self.leg.key())) not in (KeyRole.ANSWERS, KeyRole.CONTINUES):
            if verdict is KeyRole.EARLY:
                self.note(EventType.KEY_EARLY, {}, {"keys": key})
        return key

    def _weighed(self, key: Key) -> KeyRole:
        return self.keypad.weigh(key, self.ahead)

    async def rest(self, key: Key) -> Pressed:
        """What the first key begins: one answer, a number, or the rest of the number before."""
        blind = self.keypad.blind
        if (before := self.keypad.open) is not None:
            pressed = await self._continued(key, before)
        elif self.number is not None:
            pressed = Pressed(await self._collected("", key, self.number))
        else:
            pressed = Pressed(key, blind=blind)
        self.note(EventType.KEY, {"count": len(pressed.keys)}, {"keys": pressed.keys})
        return pressed

    async def _continued(self, key: Key, before: OpenNumber) -> Pressed:
        keys = await self._collected(before.keys, key, before.expected)
        more = keys.removeprefix(before.keys)
        return Pressed(more) if before.expected.panics(more) else Pressed(keys, continues=True)

    async def _collected(self, before: str, first: Key, expected: DigitMap) -> str:
        """A number, until it is complete, or its next key does not come."""
        more = str(first)
        while wait_ms := 0 if expected.panics(more) else expected.wait_ms(before + more):
            try:
                key = await asyncio.wait_for(self.leg.key(), wait_ms / 1000)
            except TimeoutError:
                break
            self.keypad.note(key)
            more += key
        self.keypad.number_ended(before + more, expected)
        return before + more
