"""The phone's line to Asterisk, as the page has it, in the Node that Playwright brings."""

import shutil
import subprocess
from pathlib import Path

from playwright._impl._driver import compute_driver_executable

STATIC = Path(__file__).resolve().parents[3] / "web/static"
SCRIPT = Path(__file__).with_name("renewal.mjs")


def test_a_renewal_that_is_refused_is_tried_again(tmp_path: Path) -> None:
    """Else the phone is gone for as long as its connection lasts."""
    for folder in ("js", "vendor"):
        shutil.copytree(STATIC / folder, tmp_path / folder)
    (tmp_path / "package.json").write_text('{"type": "module"}')
    shutil.copy(SCRIPT, tmp_path)
    node, _ = compute_driver_executable()
    done = subprocess.run([node, tmp_path / SCRIPT.name], capture_output=True, text=True, timeout=60, check=False)
    assert int(done.stdout or 0) > 2, done.stderr
