"""The shipped site, as it would be with Dutch beside English."""

from pathlib import Path
from typing import Any

import yaml

from config.documents import Edition

DOCUMENT: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "dutch.yaml").read_text(encoding="utf-8"))


def in_two_languages(edition: Edition) -> Edition:
    """An edition whose line speaks Dutch too, and has a flow that changes to it."""
    documents = edition.model_dump(mode="json", by_alias=True)
    documents["site"]["languages"] = ["en", "nl"]
    documents["prompts"]["en"] |= DOCUMENT["english"]
    documents["prompts"]["nl"] = DOCUMENT["prompts"]
    documents["languages"]["nl"] = DOCUMENT["words"]
    documents["out_of_scope"]["nl"] = DOCUMENT["out_of_scope"]
    documents["flows"]["languages"] = DOCUMENT["flow"]
    for topic, phrases in DOCUMENT["phrases"].items():
        documents["topics"][topic]["phrases"]["nl"] = phrases
        documents["topics"][topic]["name"]["nl"] = DOCUMENT["names"]["topics"][topic]
    for place in documents["places"]:
        if place["id"] in DOCUMENT["names"]["places"]:
            place["name"]["nl"] = DOCUMENT["names"]["places"][place["id"]]
    return Edition.model_validate(documents)
