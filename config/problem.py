"""What is wrong with a document, for programs and for people."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """One thing that cannot be used, or cannot be meant."""

    code: str  # what kind of problem; it stays when sentences are worded anew
    document: str  # its file in the folder of documents
    step: str | None  # of a flow
    field: str | None
    text: str  # one sentence

    def __str__(self) -> str:
        return self.text
