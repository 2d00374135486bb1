"""One worker as its own process, for the tests that kill it: `python -m tests.workers.a_worker LEASE_SECONDS`."""

import asyncio
import logging
import sys
from datetime import timedelta

from khuen import settings
from workers.main import run

logging.basicConfig(level=logging.INFO, stream=sys.stderr)
asyncio.run(run(settings.load(), lease=timedelta(seconds=float(sys.argv[1]))))
