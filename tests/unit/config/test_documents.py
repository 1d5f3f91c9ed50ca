"""The site as data: what is refused, what a hash tells, and what of the settings may be told."""

import pytest
from pydantic import SecretStr, ValidationError

from config.documents import Site, load_edition
from config.settings import PROJECT, Settings

EDITION = load_edition(PROJECT / "config")


def test_a_zone_that_does_not_exist_is_refused_with_its_name() -> None:
    with pytest.raises(ValidationError, match="no such time zone: Mars/Olympus"):
        Site.model_validate(EDITION.site.model_dump() | {"zone": "Mars/Olympus"})


def test_a_changed_document_has_another_hash_and_the_others_keep_theirs() -> None:
    changed = EDITION.model_copy(update={"out_of_scope": {"en": ("what is the weather",)}}).hashes()
    before = EDITION.hashes()
    assert {kind for kind in before if before[kind] != changed[kind]} == {"out_of_scope"}


def test_what_is_told_of_the_settings_holds_no_secret() -> None:
    settings = Settings(
        ami_secret=SecretStr("hush"), phone_secret=SecretStr("hush"), trunk_secret=SecretStr("hush"),
        database_url="postgresql://line:hush@db/line", redis_url="redis://:hush@news/0",
    )  # fmt: skip
    told = settings.telling()
    assert "hush" not in str(told)
    assert told["asterisk"]["dead_controller_s"] == settings.asterisk.dead_controller_s
