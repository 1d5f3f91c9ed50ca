"""What `doctor` asks of the line itself: documents, database, voices, ears, and whether each part answers."""

import asyncio
import sqlite3
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from urllib.parse import urlparse

import httpx
from sqlalchemy import Connection, make_url, text

from config.documents import DocumentsRefused, digest
from config.settings import Settings
from doctor import auditing
from doctor.checks import START, Check, redis_answers
from doctor.checks_browsers import browser_phones, https
from doctor.checks_nodes import nodes
from doctor.checks_phones import emergency_phones
from doctor.finding import Finding
from ivr.understanding import onnx_encoder, tuned
from ivr.understanding.onnx_encoder import EncoderRefused, EncoderSpoilt
from runtime import clock, installation
from runtime.addresses import connectable
from runtime.editions import SHOWN, faults_of, in_force
from runtime.health import ANSWER_S, unwell
from store import open_records
from store.database import connect, write_nothing
from store.retention import forgotten_until, leapt
from stt import choose
from supervisor import preparing
from supervisor.parts import greeting
from telephony.asterisk_text import ConfigRefused
from telephony.sip_options import sip_answers
from tts import preparing as voices_prepared
from web.ports import SERVES_STILL
from web.vitals import serves

CLOCK_SET_S = 5.0


def documents(settings: Settings) -> Finding:
    """The site's documents, and each flow against them."""
    folder = settings.line.config_dir
    try:
        found = in_force(settings)
    except DocumentsRefused as refusal:
        return _refused(folder, refusal.faults)
    if found.refused:
        return _refused(folder, found.refused)
    edition, hashes = found.edition, found.edition.hashes()
    if wrong := faults_of(edition):  # published by an earlier version, which asked for less
        to_do = "import corrected documents with `onenumber documents import --publish`."
        return Finding("site documents", "broken", says=f"in force: {wrong[0]}", to_do=to_do, facts={"faults": wrong})
    counts = f"{len(edition.flows)} flows, {len(edition.topics)} topics, {len(edition.places)} places"
    facts = {"edition": digest(hashes), "hashes": hashes, "differs": found.differs}
    says = f"edition {digest(hashes)[:SHOWN]}: {counts}"
    return Finding("site documents", "ok", says=says, to_do=found.differs, facts=facts)


def _refused(folder: Path, faults: Sequence[str]) -> Finding:
    more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
    to_do = f"correct the documents in {folder}; the earlier ones are in force."
    return Finding("site documents", "broken", says=f"{faults[0]}{more}", to_do=to_do, facts={"faults": faults})


def asterisk_made(settings: Settings) -> Finding:
    """Whether Asterisk's configuration goes by the documents in force."""
    part = "Asterisk, configured"
    try:
        if preparing.asterisk_is_made_of(settings, in_force(settings).edition):
            return Finding(part, "ok", says="by the documents in force")
    except DocumentsRefused:  # `documents` tells what is wrong with them
        return Finding(part, "absent", says="there are no documents")
    except ConfigRefused as refusal:
        return Finding(
            part, "broken", says=f"cannot be made: {refusal}", to_do="correct the documents or the settings."
        )
    says = "by other documents or settings than those in force"
    return Finding(part, "broken", says=says, to_do=installation.what_renews_asterisk(settings.paths))


def database(settings: Settings) -> Finding:
    """Its version, and whether its schema is there."""
    url = make_url(settings.database)
    name = "SQLite" if url.get_backend_name() == "sqlite" else "PostgreSQL"
    version = sqlite3.sqlite_version if name == "SQLite" else ""
    try:
        version, schema = asyncio.run(_version_and_schema(settings.database))
    except Exception as error:  # whatever a driver raises is the finding
        says = f"{url.render_as_string(hide_password=True)}: {' '.join(str(error).split())[:160]}"
        return Finding(f"database ({name})", "broken", version, says, START)
    return Finding(f"database ({name})", "ok", version, f"schema {schema}")


async def _version_and_schema(url: str) -> tuple[str, str]:
    opened = connect(url)
    try:
        answer = await opened.read(_ask_database)
        await opened.write(write_nothing)  # a database that answers may still refuse to be written
        return answer
    finally:
        await opened.close()


def _ask_database(connection: Connection) -> tuple[str, str]:
    question = "select sqlite_version()" if connection.dialect.name == "sqlite" else "show server_version"
    version = str(connection.execute(text(question)).scalar_one())
    return version, str(connection.execute(text("select version_num from alembic_version")).scalar_one())


def clock_set(settings: Settings) -> Finding:
    """Whether the machine's clock was set while the line ran, and whether forgetting believes it."""
    line_clock = clock.LineClock(settings.paths.clock)
    ahead_s, now = line_clock.ahead_s(), line_clock()
    try:
        until = asyncio.run(_forgotten_until(settings))
    except Exception:  # `database` tells what is wrong with it
        until = None
    if until and leapt(until, now):
        says = f"it was {until:%Y-%m-%d %H:%M} UTC when forgetting last looked, and is {now:%Y-%m-%d %H:%M} now"
        to_do = "nothing private is deleted until it is right: set the clock, or run `onenumber accept-clock`."
        return Finding("clock", "broken", says=says, to_do=to_do)
    if abs(ahead_s) > CLOCK_SET_S:
        says = f"the machine's clock was set by {ahead_s:+.0f} s; the line follows it slowly"
        return Finding("clock", "broken", says=says, to_do="restart the line when nobody waits, to follow at once.")
    return Finding("clock", "ok", says="the line's and the machine's agree")


async def _forgotten_until(settings: Settings) -> datetime | None:
    async with open_records(settings.database, in_force(settings).edition.site.id) as records:
        return await forgotten_until(records)


def voices(settings: Settings) -> Finding:
    """The voice that callers hear, per language offered."""
    heard = voices_prepared.installed(settings.voices, _edition_languages(settings))
    says = ", ".join(f"{language}: {name}" for language, name in heard.items())
    if "none" in heard.values():
        return Finding("voice", "broken", says=says, to_do="run `make setup`: without a voice callers hear parts only.")
    return Finding("voice", "ok", says=says, facts=dict(heard))


def encoders(settings: Settings) -> Finding:
    """The better sentence encoders of the languages offered; the line goes on without them."""
    found: dict[str, str] = {}
    for language in set(_edition_languages(settings)) & onnx_encoder.MODELS.keys():
        try:
            encoder = onnx_encoder.installed(settings.understanding.encoders, language)
            found[language] = encoder.digest
        except EncoderSpoilt as reason:
            return Finding("sentence encoder", "broken", says=f"{reason}", to_do="run `make setup`.")
        except EncoderRefused as reason:
            says = f"{reason}; callers are understood a little less well without it"
            return Finding("sentence encoder", "absent", says=says)
    says = ", ".join(f"{language}: {onnx_encoder.MODELS[language][0]}" for language in found)
    return Finding("sentence encoder", "ok" if found else "absent", says=says, facts=found)


def topic_models(settings: Settings) -> Finding:
    """The models that come with the line and know the shipped topics."""
    found: dict[str, str] = {}
    for language in sorted(set(_edition_languages(settings)) & tuned.languages()):
        try:
            model = tuned.shipped(language)
        except (OSError, ValueError) as reason:
            return Finding("topic model", "broken", says=str(reason), to_do="take the line's own files anew.")
        if model is not None:
            found[language] = model.digest
    says = ", ".join(found) or "none of the languages offered has one; callers are understood a little less well"
    return Finding("topic model", "ok" if found else "absent", says=says, facts=found)


def ears(settings: Settings) -> Finding:
    """The engine that hears each language offered, with its measured figure."""
    heard = {language: choose.best(settings.speech, language) for language in _edition_languages(settings)}
    says = "; ".join(f"{language}: {engine.says if engine else 'none'}" for language, engine in heard.items())
    facts = {language: asdict(engine) | {"model": str(engine.model)} for language, engine in heard.items() if engine}
    deaf = [language for language, engine in heard.items() if engine is None]
    if deaf:
        to_do = f"run `onenumber models install {deaf[0]}`: until then callers use keys."
        return Finding("ears", "broken", says=says, to_do=to_do, facts=facts)
    return Finding("ears", "ok", says=says, facts=facts)


def _edition_languages(settings: Settings) -> tuple[str, ...]:
    try:
        return in_force(settings).edition.site.languages
    except DocumentsRefused:  # `documents` tells what is wrong with them
        return (settings.line.language,)


def asterisk(settings: Settings) -> Finding:
    host, port = connectable(settings.asterisk.host), settings.asterisk.ami_port
    banner = greeting(host, port)
    if not banner.startswith("Asterisk Call Manager"):
        return Finding("Asterisk, running", "broken", says=f"its manager does not answer at {host}:{port}", to_do=START)
    number, sip = settings.line.number, (connectable(settings.asterisk.sip_bind), settings.asterisk.sip_port)
    if not sip_answers(number, *sip, limit_s=ANSWER_S):
        says = f"answers at {host}:{port}, but to no SIP request at port {sip[1]}"
        return Finding("Asterisk, running", "broken", says=says, to_do="restart the line when nobody talks.")
    version = banner.strip().rpartition("/")[2]
    return Finding("Asterisk, running", "ok", f"manager {version}", f"answers at {host}:{port}")


def redis(settings: Settings) -> Finding:
    url = urlparse(settings.redis_url)
    where = f"{url.hostname}:{url.port or 6379}"
    if not redis_answers(settings):
        return Finding("Redis, running", "broken", says=f"does not answer at {where}", to_do=START)
    return Finding("Redis, running", "ok", says=f"answers at {where}")


def controller(settings: Settings) -> Finding:
    return _http("controller", connectable(settings.controller.host), settings.controller.metrics_port)


def load(settings: Settings) -> Finding:
    """Whether the controller does in time what it has to do, by its own measures."""
    where = f"http://{connectable(settings.controller.host)}:{settings.controller.metrics_port}"
    try:
        says = str(httpx.get(f"{where}/readyz", timeout=2 * ANSWER_S).json()["parts"]["load"])
    except (httpx.HTTPError, ValueError, KeyError):
        return Finding("load", "absent", says="no controller tells it")  # `controller` says what to do
    if says == "ok":
        return Finding("load", "ok", says="callers are served in time")
    to_do = "see “Alive, ready, counted” in docs/operations.md."
    return Finding("load", "ok" if serves(says) else "broken", says=says, to_do=to_do)


def desk(settings: Settings) -> Finding:
    return _http("desk", connectable(settings.web.host), settings.web.port)


def _http(part: str, host: str, port: int) -> Finding:
    """What a process says of all that it needs; one that lives may still not serve."""
    where = f"http://{host}:{port}"
    try:
        answer = httpx.get(f"{where}/readyz", timeout=2 * ANSWER_S)
        says = unwell(answer.json())
    except (httpx.HTTPError, ValueError, KeyError):
        return Finding(part, "broken", says=f"does not answer at {where}", to_do=START)
    if answer.status_code != 200:
        return Finding(
            part, "broken", says=f"answers at {where}; {says}", to_do="see docs/operations.md for each part."
        )
    return Finding(part, "ok", says=f"answers at {where}" + (f"; {SERVES_STILL}{says}" if says else ""))


RUNNING: tuple[Check, ...] = (
    documents,
    database,
    auditing.finding,
    clock_set,
    voices,
    encoders,
    topic_models,
    ears,
    asterisk,
    asterisk_made,
    emergency_phones,
    nodes,
    redis,
    controller,
    load,
    desk,
    https,
    browser_phones,
)
