"""What `doctor` found about one part, and how the whole is told."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from rich.table import Table
from rich.text import Text

State = Literal["ok", "broken", "absent"]
SIGNS: Mapping[State, tuple[str, str]] = {
    "ok": ("ok", "green"), "broken": ("broken", "bold red"), "absent": ("-", "dim"),
}  # fmt: skip


@dataclass(frozen=True)
class Finding:
    """One part: `absent` is for what is not needed; what is needed and not there is `broken`."""

    part: str
    state: State
    version: str = ""
    says: str = ""
    to_do: str = ""  # one sentence, empty when there is nothing to do
    facts: Mapping[str, Any] = field(default_factory=dict)  # for --json only


def all_well(findings: Sequence[Finding]) -> bool:
    return all(finding.state != "broken" for finding in findings)


def as_json(findings: Sequence[Finding]) -> str:
    return json.dumps({"ok": all_well(findings), "parts": [asdict(finding) for finding in findings]}, indent=2)


def as_table(findings: Sequence[Finding]) -> Table:
    table = Table("part", "", "version", "", box=None, pad_edge=False)
    for finding in findings:
        sign, style = SIGNS[finding.state]
        table.add_row(Text(finding.part), Text(sign, style=style), Text(finding.version), Text(finding.says))
    return table


def to_do(findings: Sequence[Finding]) -> Iterator[str]:
    yield from (f"{finding.part}: {finding.to_do}" for finding in findings if finding.to_do)
