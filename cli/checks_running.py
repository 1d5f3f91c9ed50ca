"""What `doctor` asks of the line itself: documents, database, voices, ears, and whether each part answers."""

import asyncio
import sqlite3
from dataclasses import asdict
from urllib.parse import urlparse

import pydantic
import yaml
from sqlalchemy import Connection, make_url, text

from cli import auditing, flow
from cli.addresses import connectable
from cli.checks import START, Check, redis_answers
from cli.finding import Finding
from cli.parts import greeting, http_ok
from config.documents import Edition, load_edition
from config.settings import Settings
from store.database import connect
from stt import choose
from tts import preparing


def documents(settings: Settings) -> Finding:
    """The site's documents, and each flow against them."""
    folder = settings.line.config_dir
    try:
        edition = load_edition(folder)
        for name in edition.flows:
            flow.load(folder / "flows" / f"{name}.yaml", edition)
    except (pydantic.ValidationError, yaml.YAMLError, OSError, flow.FlowRefused) as error:
        first = " ".join(str(error).split())[:200]
        return Finding("site documents", "broken", says=first, to_do=f"correct the documents in {folder}.")
    counts = f"{len(edition.flows)} flows, {len(edition.topics)} topics, {len(edition.places)} places"
    return Finding("site documents", "ok", says=counts, facts={"hashes": edition.hashes()})


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
        return await opened.read(_ask_database)
    finally:
        await opened.close()


def _ask_database(connection: Connection) -> tuple[str, str]:
    question = "select sqlite_version()" if connection.dialect.name == "sqlite" else "show server_version"
    version = str(connection.execute(text(question)).scalar_one())
    return version, str(connection.execute(text("select version_num from alembic_version")).scalar_one())


def voices(settings: Settings) -> Finding:
    """The voice that callers hear, per language offered."""
    heard = preparing.installed(settings, _edition_languages(settings))
    says = ", ".join(f"{language}: {name}" for language, name in heard.items())
    if "none" in heard.values():
        return Finding("voice", "broken", says=says, to_do="run `make setup`: without a voice callers hear parts only.")
    return Finding("voice", "ok", says=says, facts=dict(heard))


def ears(settings: Settings) -> Finding:
    """The engine that hears each language offered, with its measured figure."""
    heard = {language: choose.best(settings, language) for language in _edition_languages(settings)}
    says = "; ".join(f"{language}: {engine.says if engine else 'none'}" for language, engine in heard.items())
    facts = {language: asdict(engine) | {"model": str(engine.model)} for language, engine in heard.items() if engine}
    deaf = [language for language, engine in heard.items() if engine is None]
    if deaf:
        to_do = f"run `onenumber models install {deaf[0]}`: until then callers use keys."
        return Finding("ears", "broken", says=says, to_do=to_do, facts=facts)
    return Finding("ears", "ok", says=says, facts=facts)


def _edition_languages(settings: Settings) -> tuple[str, ...]:
    try:
        edition: Edition = load_edition(settings.line.config_dir)
    except Exception:  # `documents` tells what is wrong with them
        return (settings.line.language,)
    return edition.site.languages


def asterisk(settings: Settings) -> Finding:
    host, port = connectable(settings.asterisk.host), settings.asterisk.ami_port
    banner = greeting(host, port)
    if not banner.startswith("Asterisk Call Manager"):
        return Finding("Asterisk, running", "broken", says=f"its manager does not answer at {host}:{port}", to_do=START)
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


def desk(settings: Settings) -> Finding:
    return _http("desk", connectable(settings.web.host), settings.web.port)


def _http(part: str, host: str, port: int) -> Finding:
    where = f"http://{host}:{port}"
    if not http_ok(f"{where}/healthz"):
        return Finding(part, "broken", says=f"does not answer at {where}", to_do=START)
    return Finding(part, "ok", says=f"answers at {where}")


RUNNING: tuple[Check, ...] = (documents, database, auditing.finding, voices, ears, asterisk, redis, controller, desk)
