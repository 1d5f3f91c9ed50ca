"""A worker that does what its requests tell it to: for the pool's tests, over real processes."""

import os
import sys
import time

from stt.wire import pack, receive


def main(mode: str) -> None:
    answers = os.fdopen(os.dup(1), "wb")
    if mode == "broken":
        sys.exit(3)
    if mode == "slow-start":
        time.sleep(30)
    answers.write(pack({"ready": True}))
    answers.flush()
    while (message := receive(sys.stdin.buffer)) is not None:
        head, pcm = message
        time.sleep(head.get("sleep_s", 0))
        if head.get("die"):
            os._exit(9)
        if head.get("babble"):
            answers.write(b"\xff" * 64)
        answers.write(pack({"echo": head.get("say"), "bytes": len(pcm), "environment": sorted(os.environ)}))
        answers.flush()


if __name__ == "__main__":
    main(sys.argv[1])
