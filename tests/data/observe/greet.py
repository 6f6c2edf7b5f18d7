"""Reads clocks, waits for them to move, sleeps for an hour, draws random numbers."""

import json
import os
import random
import secrets
import time
import uuid

SUMMARY = "Looks around."
PARAMETERS = {"type": "object", "properties": {"name": {"type": "string"}}}
OUTPUT = {"type": "object", "properties": {"message": {"type": "string"}}}


class Failure(Exception):
    case, kind, details = "permanent", None, None


def greet(input: dict, info) -> dict:
    began, looks = time.time(), 0
    while time.time() < began + 1:
        looks += 1
    before = time.monotonic()
    time.sleep(3600)
    seen = {
        "began": began,
        "looks": looks,
        "slept": time.monotonic() - before,
        "random": [random.random(), random.SystemRandom().random(), secrets.token_hex(8)],
        "bytes": os.urandom(8).hex(),
        "uuid": str(uuid.uuid4()),
    }
    return {"message": json.dumps(seen)}
