"""What it takes to speak with callers in one edition of the documents."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from config.documents import Edition
from ivr.flow import Flow
from ivr.script import Script
from ivr.session import SpeechServices


@dataclass(frozen=True)
class LoadedEdition:
    """What one edition of the documents needs to be spoken with."""

    edition: Edition
    speech_services: SpeechServices
    pins: Mapping[str, str]  # content hashes of all that its calls run with

    scripts: dict[str, Script] = field(default_factory=dict)  # those read so far, shared by all calls

    def script(self, flow: str) -> Script:
        if flow not in self.scripts:
            self.scripts[flow] = Script(Flow.model_validate(self.edition.flows[flow]), self.edition)
        return self.scripts[flow]
