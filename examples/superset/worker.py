"""Ends with 0 if the worker of this name answers a ping.

`celery inspect ping` says the same, but starts all of Superset for it."""

import os
import socket
import sys

from celery import Celery

host, port = os.environ.get("SUPERSET_REDIS_HOST", "127.0.0.1"), os.environ.get("SUPERSET_REDIS_PORT", "6379")
app = Celery(broker=f"redis://{host}:{port}/0")
name = f"{sys.argv[1]}@{socket.gethostname()}"
sys.exit(0 if app.control.ping(destination=[name], timeout=10, limit=1) else f"{name} does not answer")
