"""A controller that starts a recognition worker, tells its process id, and waits to be killed."""

import asyncio

from stt.workers import Workers


async def main() -> None:
    pool = Workers(("serve",), program="tests.processes.fake_worker")
    await pool.start(20.0)
    print(pool.pids[0], flush=True)
    await asyncio.Event().wait()


asyncio.run(main())
