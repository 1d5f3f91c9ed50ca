"""`onenumber call`: a real SIP call to the line, and what became of it as one JSON object."""

import asyncio
import json
import os
import secrets
import sys
import wave
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from config.documents import Site
from config.settings import Settings
from ivr.ports import SAMPLE_RATE, VoiceDown
from routing.phones import PhoneKind
from runtime import credentials
from runtime.addresses import connectable
from runtime.editions import in_force
from runtime.logs import configure_logs
from telephony.asterisk_config import caller_phones, phone_password
from telephony.softphone import PhoneFailed, SoftPhone
from testcall.call_report import Report
from testcall.caller import AGENT_HZ, Answering, CallPlan, TestCaller
from testcall.desk_client import AgentAtDesk, Desk, DeskRefused
from tts import preparing

ANSWER_AFTER_MS = 800
VOICE_LIMIT_MS = 60_000  # nobody waits for this voice; the best one may take its time to start


class CallRefused(Exception):
    """The call cannot be made as asked."""


def call(
    say: Annotated[list[str] | None, typer.Option(help="What the caller says, one sentence for each turn.")] = None,
    wav: Annotated[list[Path] | None, typer.Option(help="Recorded speech instead: 16-bit mono WAV.")] = None,
    from_number: Annotated[str, typer.Option("--from", help="The caller's number.")] = "0612345678",
    name: Annotated[str, typer.Option(help="The caller's display name.")] = "",
    keys: Annotated[str, typer.Option(help="Keys pressed after speaking; a comma waits a second.")] = "",
    answer_as: Annotated[str, typer.Option(help="Login of an agent who answers at the desk and by phone.")] = "",
    stay: Annotated[bool, typer.Option("--stay", help="Stay on the line until somebody else hangs up.")] = False,
    patience: Annotated[float, typer.Option(help="Seconds after which the caller hangs up.")] = 120.0,
    json_output: Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")] = False,
) -> None:
    """Call the line; exit code 0 when it did its job."""
    try:
        settings = credentials.settings()
        configure_logs(settings.log_private, sys.stderr)  # standard output is the report's
        plan = replace(_plan(settings, say or [], wav or [], keys, patience, bool(answer_as)), stay=stay)
        site = in_force(settings).edition.site
        report = asyncio.run(_call(settings, site, plan, (from_number, name), answer_as))
    except (CallRefused, DeskRefused, PhoneFailed, VoiceDown, TimeoutError, OSError) as refusal:
        print(json.dumps({"error": str(refusal) or type(refusal).__name__, "outcome": "no_call"}))
        raise typer.Exit(2) from refusal
    shown = report.to_json(plan.folder)
    print(json.dumps(shown, indent=None if json_output else 2, ensure_ascii=False))
    raise typer.Exit(0 if report.well else 1)


def _plan(
    settings: Settings, says: list[str], wavs: list[Path], keys: str, patience_s: float, answered: bool
) -> CallPlan:
    trace = secrets.token_hex(8)
    folder = settings.paths.test_calls / trace
    folder.mkdir(parents=True)
    if missing := [path for path in wavs if not path.is_file()]:
        raise CallRefused(f"there is no {missing[0]}")
    spoken = [path.resolve() for path in wavs] or asyncio.run(_spoken(settings, says, folder))
    return CallPlan(settings.line.number, trace, folder, tuple(spoken), keys, patience_s, answered)


async def _spoken(settings: Settings, says: list[str], folder: Path) -> list[Path]:
    """Each sentence by the installed voice. Raises: VoiceDown."""
    patient = settings.voices.model_copy(update={"limit_ms": VOICE_LIMIT_MS})
    voice, made = preparing.build(patient, settings.paths.voice_cache, settings.line.config_dir), []
    try:
        for number, text in enumerate(says, 1):
            path = folder / f"said-{number}.wav"
            with wave.open(str(path), "wb") as file:
                file.setnchannels(1)
                file.setsampwidth(2)
                file.setframerate(SAMPLE_RATE)
                file.writeframes(await voice.say(text, settings.line.language))
            made.append(path)
    finally:
        await voice.close()
    return made


async def _call(settings: Settings, site: Site, plan: CallPlan, caller: tuple[str, str], answer_as: str) -> Report:
    domain = f"{settings.asterisk.host}:{settings.asterisk.sip_port}"
    url = f"http://{connectable(settings.web.host)}:{settings.web.port}"
    async with AsyncExitStack() as stack:
        desk = await stack.enter_async_context(Desk(url, *_login(settings, site, answer_as)))
        answering = None
        if answer_as:
            answering = await _answering(stack, settings, site, plan, desk, answer_as)
        phone = await stack.enter_async_context(_phone(settings, site, domain, *caller))
        return await TestCaller(plan, phone, desk, answering).run()


def _login(settings: Settings, site: Site, login: str) -> tuple[str, str]:
    """Whose eyes read the records: the answering agent's, else any whose demo password this installation knows.

    The environment has the passwords that people have chosen since.
    """
    known = credentials.load(settings.paths.secrets) | os.environ
    for name in [login] if login else [account.login for account in site.agents]:
        if password := known.get(credentials.login_name(name)):
            return name, password
    raise CallRefused(f"no password is known for {login or 'any login'}: set {credentials.login_name(login or 'name')}")


def _phone(settings: Settings, site: Site, domain: str, number: str, name: str) -> SoftPhone:
    """The caller's phone; a number that is a phone of ours proves it."""
    password = phone_password(settings, number) if number in caller_phones(site) else ""
    return SoftPhone(domain, number, password, name)


async def _answering(
    stack: AsyncExitStack, settings: Settings, site: Site, plan: CallPlan, desk: Desk, login: str
) -> Answering:
    """The agent at the desk, available, with a phone that answers by itself and sends a tone."""
    account = next((agent for agent in site.agents if agent.login == login), None)
    if account is None or account.phone is None:
        raise CallRefused(f"{login} is not an agent with a phone")
    if (await desk.me())["phone_kind"] != PhoneKind.DESK:
        raise CallRefused(f"{login} takes calls in the browser: choose the desk phone in the phone's window first")
    domain = f"{settings.asterisk.host}:{settings.asterisk.sip_port}"
    password = phone_password(settings, account.phone)
    phone = await stack.enter_async_context(SoftPhone(domain, account.phone, password, register=True))
    phone.record(plan.folder / "agent.wav")
    phone.tone(AGENT_HZ)
    phone.answer_after(ANSWER_AFTER_MS)
    return Answering(await stack.enter_async_context(AgentAtDesk(desk)), phone)
