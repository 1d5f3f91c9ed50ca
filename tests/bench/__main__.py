"""`make bench`: every measurement in turn, as one JSON object; `python -m tests.bench NAME…` for some of them."""

import json
import subprocess
import sys
from typing import Any

MEASUREMENTS = (
    "cost", "answers", "ringing", "pauses", "pop", "load", "legs", "records", "turns", "simulation", "idle_desks",
    "work_list",
)  # fmt: skip


def measure(name: str) -> Any:
    """What a measurement prints: its JSON, else its words."""
    print(f"measuring: {name} …", file=sys.stderr, flush=True)
    done = subprocess.run([sys.executable, "-m", f"tests.bench.{name}"], stdout=subprocess.PIPE, text=True, check=True)
    try:
        return json.loads(done.stdout)
    except json.JSONDecodeError:
        return done.stdout.strip().splitlines()


def main() -> None:
    """Exits with 1 when a measurement fails; the others are still printed."""
    found: dict[str, Any] = {}
    for name in sys.argv[1:] or MEASUREMENTS:
        try:
            found[name] = measure(name)
        except subprocess.CalledProcessError as error:
            found[name] = f"failed with exit code {error.returncode}"
    print(json.dumps(found, indent=2))
    sys.exit(any(str(value).startswith("failed") for value in found.values()))


if __name__ == "__main__":
    main()
