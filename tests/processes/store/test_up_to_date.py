"""A database that is up to date is recognised without loading the migration tool."""

import subprocess
import sys
from pathlib import Path

from alembic.config import Config
from alembic.script import ScriptDirectory

from store.migrate import MIGRATIONS, current, newest, upgrade


def test_the_newest_file_is_the_head() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    assert ScriptDirectory.from_config(config).get_current_head() == newest()


def test_a_database_without_tables_has_no_revision_and_then_the_newest(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'onenumber.db'}"
    assert current(url) is None
    upgrade(url)
    assert current(url) == newest()


def test_nothing_to_do_loads_nothing(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'onenumber.db'}"
    upgrade(url)
    script = f"import sys; from store.migrate import upgrade; upgrade({url!r}); sys.exit('alembic' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
