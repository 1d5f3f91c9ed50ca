"""The documents that the line runs with: those of the folder where they are right, else the last that were.

Documents that cannot be meant change nothing: what is in force stays in force, also for a process that starts.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from pydantic import ValidationError

from config.documents import DocumentsRefused, Edition, load_edition
from config.settings import Settings
from ivr.flow import Flow
from ivr.sound_files import write_whole
from ivr.understanding.acts import Acts
from ivr.understanding.emergency import EmergencyWords
from ivr.understanding.numbers import Numbers
from ivr.understanding.patterns import PatternError
from ivr.understanding.places import Names
from ivr.validation import problems

NEEDED_FLOWS = ("main", "callback")


@dataclass(frozen=True)
class InForce:
    """An edition, and what is wrong with the documents of the folder when it is an earlier one."""

    edition: Edition
    refused: tuple[str, ...] = ()

    @property
    def warning(self) -> str:
        """One sentence, empty when the documents are right."""
        if not self.refused:
            return ""
        more = f" And {len(self.refused) - 1} more: see `onenumber doctor --json`." if len(self.refused) > 1 else ""
        return f"the documents were refused, the earlier ones stay in force: {self.refused[0]}{more}"


def in_force(settings: Settings) -> InForce:
    """Raises: DocumentsRefused where no documents were ever right."""
    kept = settings.data_dir / "edition-in-force.json"
    try:
        edition = checked(settings.line.config_dir)
    except DocumentsRefused as refusal:
        try:
            return InForce(Edition.model_validate_json(kept.read_bytes()), refusal.faults)
        except (OSError, ValueError):
            raise refusal from None
    with suppress(OSError):  # then a later refusal ends the start, and nothing else
        _remember(kept, edition.model_dump_json().encode())
    return InForce(edition)


def checked(folder: Path) -> Edition:
    """The documents of a folder, in form and meaning, flows and patterns too. Raises: DocumentsRefused."""
    edition = load_edition(folder)
    if found := [*_flows(edition), *_patterns(edition)]:
        raise DocumentsRefused(found)
    return edition


def _flows(edition: Edition) -> Iterator[str]:
    yield from (f"flows/{name}.yaml: is not there." for name in NEEDED_FLOWS if name not in edition.flows)
    for name, document in edition.flows.items():
        try:
            flow = Flow.model_validate(document)
        except ValidationError as error:
            yield from (f"flows/{name}.yaml: {'.'.join(map(str, e['loc']))}: {e['msg']}." for e in error.errors())
            continue
        if flow.id != name:
            yield f"flows/{name}.yaml: id: must be “{name}”, as the file is named."
        yield from (f"flows/{name}.yaml: {problem}." for problem in problems(flow, edition))


def _patterns(edition: Edition) -> Iterator[str]:
    for language, pack in edition.languages.items():
        try:
            for reader in (EmergencyWords, Acts, Numbers, partial(Names, {})):
                reader(pack)
        except PatternError as error:
            yield f"languages/{language}.yaml: {error}."


def _remember(kept: Path, content: bytes) -> None:
    if not kept.exists() or kept.read_bytes() != content:
        write_whole(kept, content)
