"""What the engine calls: JSON in and out, and failures in the form it knows.

The work itself is in greet.py, which knows nothing of the engine.
"""

import json

from componentize_py_types import Err
from wit_world import exports
from wit_world.exports import describe, handler
from wit_world.imports import log

import greet

CASES = {
    "invalid-input": handler.Error_InvalidInput,
    "transient": handler.Error_Transient,
    "permanent": handler.Error_Permanent,
}


def info(message: str, **fields) -> None:
    """Writes one line to the log of the attempt."""
    items = [log.Field(name, json.dumps(value)) for name, value in fields.items()]
    log.write(log.Level.INFO, message, items)


class Handler(exports.Handler):
    def run(self, input: str) -> str:
        try:
            return json.dumps(greet.greet(json.loads(input), info))
        except greet.Failure as failure:
            details = None if failure.details is None else json.dumps(failure.details)
            raise Err(CASES[failure.case](handler.Failure(failure.kind, str(failure), details)))
        except Exception as error:
            # What nobody raised on purpose is a mistake in the code: trying again does not help.
            text = f"{type(error).__name__}: {error}"
            raise Err(handler.Error_Permanent(handler.Failure(None, text, None)))


class Describe(exports.Describe):
    def describe(self) -> describe.Description:
        return describe.Description(
            summary=greet.SUMMARY,
            description=None,
            parameters=json.dumps(greet.PARAMETERS),
            output=json.dumps(greet.OUTPUT),
            grants=None,
        )
