"""Print a setting by its dotted name, before the project's own Python environment exists.

Environment over settings.toml over the default, as in `config.settings`; standard library only.
"""

import os
import sys
import tomllib
from pathlib import Path


def setting(name: str, default: str) -> str:
    """`asterisk.root` is ONENUMBER_ASTERISK__ROOT, or `root` under `[asterisk]`."""
    if (value := os.environ.get("ONENUMBER_" + name.replace(".", "__").upper())) is not None:
        return value
    here: object = tomllib.loads(Path("settings.toml").read_text()) if Path("settings.toml").exists() else {}
    for key in name.split("."):
        here = here.get(key) if isinstance(here, dict) else None
    return default if here is None else str(here)


if __name__ == "__main__":
    sys.stdout.write(setting(sys.argv[1], sys.argv[2]) + "\n")
