"""Documents are published while the line runs: calls under way keep theirs, the next ones have the new ones."""

import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import yaml

from telephony.instance import AsteriskInstance
from tests.e2e.line import PROJECT, RunningLine, until
from tests.e2e.scene import Scene

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900), pytest.mark.asyncio(loop_scope="module")]
PUBLISH_S = 300  # a sentence encoder is loaded and sentences are rendered, on a busy machine
NEW = {"good_day": "Good day. What is the matter?", "once_more": "What is the matter, and where is it?"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def line(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningLine]:
    async with RunningLine(tmp_path_factory.mktemp("line")) as opened:
        yield opened


def onenumber(line: RunningLine, *arguments: str) -> str:
    """What a command of the line's installation prints; it must succeed."""
    done = subprocess.run(
        [sys.executable, "-m", "cli", *arguments], cwd=PROJECT, env=dict(line.environment),
        capture_output=True, text=True, timeout=PUBLISH_S, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def read(line: RunningLine, file: str) -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load((line.folder / "config" / file).read_text())
    return document


def change(line: RunningLine, file: str, **values: Any) -> None:
    (line.folder / "config" / file).write_text(yaml.safe_dump({**read(line, file), **values}, allow_unicode=True))


async def said(scene: Scene, name: str) -> list[str]:
    """The prompts that a call has heard."""
    timeline = (await scene.call(name))["timeline"]
    return [key for each in timeline if each["event"] == "prompt.started" for key in each["payload"]["keys"]]


async def serves(line: RunningLine, edition: str) -> None:
    """Until controller and desk use an edition that begins so."""
    logs = [line.folder / f"var/log/{part}.log" for part in ("controller", "web")]

    async def told() -> bool:
        lines = [text for log in logs for text in log.read_text().splitlines() if "other documents serve" in text]
        return len([text for text in lines if f'"{edition}' in text]) == len(logs)

    await until("the edition to serve", told, 60)


async def test_a_publication_reaches_the_next_call_and_leaves_those_under_way_alone(
    line: RunningLine, tmp_path: Path
) -> None:
    pids = line.state()["pids"]
    asterisk = AsteriskInstance(line.settings.asterisk.root, line.settings.paths.asterisk)
    async with AsyncExitStack() as stack:
        scene = Scene(line, tmp_path, stack)
        await scene.open()
        under_way = await scene.caller("before", "204")
        steps, emergency = read(line, "flows/main.yaml")["steps"], read(line, "site.yaml")["emergency"]
        welcome = {**steps["welcome"], "prompt": "good_day", "retry_prompt": "once_more"}
        change(line, "prompts/en.yaml", **NEW)
        change(line, "flows/main.yaml", steps={**steps, "welcome": welcome})
        change(line, "site.yaml", emergency={**emergency, "urgent_phones": ["urgent1", "urgent7"]})
        told = onenumber(line, "documents", "import", "--publish", "--note", "another welcome")
        assert "(another welcome)" in told
        await serves(line, told.partition("edition ")[2][:12])
        await scene.caller("after", "205")
        assert await said(scene, "after") == ["good_day"]
        await scene.event("before", "prompt.started", "tell_me_again", 120)
        assert not NEW.keys() & set(await said(scene, "before"))
        under_way.hang_up()

        async def rings_the_new_phone() -> bool:
            return "urgent7" in asterisk.cli("dialplan show onenumber-emergency") and "urgent7" in asterisk.cli(
                "pjsip show endpoints"
            )

        await until("Asterisk to go by the new documents", rings_the_new_phone, 60)
        await scene.end()
    assert line.state()["pids"] == pids
    assert line.state()["restarts"] == dict.fromkeys(pids, 0)


async def test_what_was_published_can_be_taken_back(line: RunningLine, tmp_path: Path) -> None:
    earlier = onenumber(line, "documents", "history").splitlines()[1].partition("edition ")[2][:12]
    pids = line.state()["pids"]
    onenumber(line, "documents", "rollback", earlier, "--note", "it was too long")
    await serves(line, earlier)
    async with AsyncExitStack() as stack:
        scene = Scene(line, tmp_path, stack)
        await scene.open()
        await scene.caller("back", "204")
        assert await said(scene, "back") == ["welcome"]
        await scene.end()
    assert line.state()["pids"] == pids
