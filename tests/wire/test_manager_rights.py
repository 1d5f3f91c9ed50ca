"""What the line's user of the manager interface can do to a real Asterisk: the line's own work, and nothing else."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from doctor.checks_phones import emergency_phones
from telephony.ami import ActionRefused, Originate, action
from telephony.ami_client import AmiClient
from telephony.dialling import DialplanExtension
from telephony.instance import AsteriskDown, inside
from tests.conftest import wait_until
from tests.phones import TestLine, configured_line
from tests.wire.legs.real_line import until

pytestmark = pytest.mark.wire


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestLine]:
    with pytest.MonkeyPatch.context() as ours:
        ours.setenv("ONENUMBER_AMI_SECRET", "of-our-own-environment")
        with configured_line(tmp_path_factory.mktemp("rights"), 22_400) as line:
            yield line


@pytest.fixture
async def ami(line: TestLine) -> AsyncIterator[AmiClient]:
    secret = line.settings.ami_secret.get_secret_value()
    async with AmiClient("127.0.0.1", line.settings.asterisk.ami_port, line.settings.ami_user, secret) as client:
        assert await client.ready(20)
        yield client


async def ask(ami: AmiClient, name: str, **fields: str) -> None:
    await ami.ask(action(name, fields))


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("ModuleLoad", {"Module": "app_system.so", "LoadType": "load"}),
        ("Command", {"Command": "module load app_system.so"}),
        ("GetConfig", {"Filename": "manager.conf"}),
        ("UpdateConfig", {"SrcFilename": "manager.conf", "DstFilename": "manager.conf"}),
        ("Reload", {}),
        ("PJSIPShowAuths", {}),
        ("PJSIPUnregister", {"Registration": "provider"}),
        ("DBPut", {"Family": "a", "Key": "b", "Val": "c"}),
        ("UserEvent", {"UserEvent": "OneNumberEmergency"}),
        ("LoggerRotate", {}),
        ("ShowDialPlan", {}),
    ],
)
async def test_what_the_line_does_not_need_is_refused(ami: AmiClient, name: str, fields: dict[str, str]) -> None:
    with pytest.raises(ActionRefused, match="denied"):
        await ask(ami, name, **fields)


@pytest.mark.parametrize("application", ["System", "TrySystem", "Exec", "AGI", "EAGI", "ExternalIVR"])
async def test_no_program_is_run_by_originating(ami: AmiClient, application: str) -> None:
    with pytest.raises(ActionRefused):
        await ask(ami, "Originate", Channel="Local/100@from-callers", Application=application, Data="id")


@pytest.mark.parametrize("name", ["FILE({etc}/manager.conf)", "AST_CONFIG(manager.conf,onenumber,secret)", "SHELL(id)"])
async def test_no_secret_is_read(line: TestLine, name: str) -> None:
    variable = name.format(etc=inside(line.folder) / "etc")
    said = await _say(line, f"Action: Getvar\r\nVariable: {variable}\r\n\r\n")
    assert "Value: \r\n" in said or "Forbidden" in said


def test_its_process_knows_nothing_of_our_environment(line: TestLine) -> None:
    assert line.asterisk.process
    told = Path(f"/proc/{line.asterisk.process.pid}/environ").read_bytes()
    assert b"ONENUMBER" not in told
    assert b"of-our-own" not in told


def test_only_the_modules_in_use_are_there(line: TestLine) -> None:
    said = line.asterisk.cli("module show")
    assert "app_system" not in said
    assert "Declined" not in said
    there = {path.name for path in (line.folder / "modules").iterdir()}
    assert "app_dial.so" in there
    assert not there & {"app_system.so", "func_shell.so", "app_exec.so", "app_originate.so", "pbx_spool.so"}
    for name in ("app_system.so", "../modules/app_system.so"):
        with suppress(AsteriskDown):
            line.asterisk.cli(f"module load {name}")
    assert "app_system" not in line.asterisk.cli("module show")


async def test_neither_configuration_nor_sounds_can_be_written(ami: AmiClient, line: TestLine) -> None:
    home = inside(line.folder)
    targets = [home / "etc/pjsip.conf", home / "local/pjsip.conf", home / "sounds/en/x.txt", home / "modules/x.so"]
    before = (line.folder / "etc/pjsip.conf").read_bytes()
    place = "Channel: Local/s@onenumber-outbound\r\nContext: onenumber-outbound\r\nExten: s\r\nPriority: 1\r\n"
    for number, target in enumerate(targets):
        files = (target, home / f"spool/written-{number}")  # in this order; Asterisk must be able to write the latter
        variables = "".join(f"Variable: FILE({file},,,l,u)=owned\r\n" for file in files)
        await _say(line, f"Action: Originate\r\nAsync: true\r\n{place}{variables}\r\n")
        wait_until((line.folder / f"spool/written-{number}").exists, "Asterisk did not write")
    assert (line.folder / "etc/pjsip.conf").read_bytes() == before
    assert not [path for path in line.folder.rglob("*") if path.name in ("x.txt", "x.so")]
    assert not list((line.folder / "local").iterdir())
    await _hang_up_all(ami)


async def test_whom_an_emergency_rings_cannot_be_changed(ami: AmiClient, line: TestLine) -> None:
    for variable in ("ON_URGENT", "ON_FALLBACK", "ON_RINGING", "ON_CONTROLLERS", "ON_EMERGENCY", "ON_TRUSTED"):
        await ask(ami, "Setvar", Variable=variable, Value="PJSIP/evil")
    with ami.events("DialBegin") as events:
        async with line.phone("urgent1"), asyncio.timeout(20):
            await ami.originate(
                Originate("emergency-1", DialplanExtension("s", "onenumber-emergency"), "onenumber-outbound")
            )
            async for event in events:
                assert "evil" not in event["DialString"]
                if event["DialString"].startswith("urgent1"):
                    break
            await _hang_up_all(ami)
    await _hang_up_all(ami)


async def test_no_call_believes_a_global_variable(ami: AmiClient, line: TestLine) -> None:
    for variable, value in (("ON_EMERGENCY", "talked"), ("ON_ATTEMPT", "x"), ("ON_CONCLUDED", "1"), ("ON_TRIES", "9")):
        await ask(ami, "Setvar", Variable=variable, Value=value)
    await ami.originate(Originate("caller-1", DialplanExtension("100", "from-callers"), "onenumber-outbound"))

    ours = ""

    async def taken() -> bool:  # the half that is the caller's, by the dialplan alone
        nonlocal ours
        callers = [each for each in await ami.core_show_channels() if each.name.endswith(";2")]
        ours = next((each.name for each in callers if each.context == "onenumber-standalone"), "")
        return bool(ours)

    await until(taken, 30)  # with `talked` it would have been hung up
    for variable in ("ON_EMERGENCY", "ON_ATTEMPT", "ON_CONCLUDED"):
        said = await _say(line, f"Action: Getvar\r\nChannel: {ours}\r\nVariable: {variable}\r\n\r\n")
        assert "Value: \r\n" in said, variable
    await _hang_up_all(ami)


async def test_the_lines_own_actions_work(ami: AmiClient, line: TestLine) -> None:
    assert (await ami.registered_phones())["agent1"] is False
    assert await ami.system_name() == line.settings.node.name
    assert (await asyncio.to_thread(emergency_phones, line.settings)).state == "broken"  # asked, and none is there
    await ami.originate(Originate("channel-1", DialplanExtension("s", "onenumber-outbound"), "onenumber-outbound"))

    async def up() -> bool:
        return any(channel.uniqueid == "channel-1" for channel in await ami.core_show_channels())

    await until(up, 30)
    (ours,) = [channel for channel in await ami.core_show_channels() if channel.uniqueid == "channel-1"]
    assert (ours.linkedid, ours.context != "", ours.state != "") == ("channel-1", True, True)
    assert await ami.absolute_timeout(ours.name, 60)
    fields = {"Channel": ours.name, "Context": "onenumber-standalone", "Exten": "s", "Priority": "1"}
    await ask(ami, "Redirect", **fields)
    assert await ami.hangup(ours.name)
    await _hang_up_all(ami)


async def _say(line: TestLine, text: str) -> str:
    """What Asterisk answers to somebody who has the secret and does not use our client."""
    reader, writer = await asyncio.open_connection("127.0.0.1", line.settings.asterisk.ami_port)
    secret = line.settings.ami_secret.get_secret_value()
    login = f"Action: Login\r\nUsername: {line.settings.ami_user}\r\nSecret: {secret}\r\nEvents: off\r\n\r\n"
    writer.write((login + text).encode())
    answers = [await reader.readuntil(b"\r\n\r\n") for _ in range(2)]
    writer.close()
    return answers[1].decode()


async def _hang_up_all(ami: AmiClient) -> None:
    async def none_left() -> bool:
        for channel in await ami.core_show_channels():
            await ami.hangup(channel.name)
        return not await ami.core_show_channels()

    await until(none_left, 30)
