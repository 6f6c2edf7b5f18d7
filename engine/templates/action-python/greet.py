"""The action itself: an ordinary function, tested on this machine by `python3 -m unittest`."""

# What people and editors are shown, and what inputs are checked against (JSON Schema).
SUMMARY = "Greets somebody."
PARAMETERS = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "description": "Who to greet."},
        "times": {
            "type": "integer",
            "minimum": 0,
            "maximum": 255,
            "default": 1,
            "description": "How many times.",
        },
    },
    "required": ["name"],
    "additionalProperties": False,
}
OUTPUT = {
    "type": "object",
    "properties": {"message": {"type": "string", "description": "The greeting."}},
    "required": ["message"],
}


class Failure(Exception):
    """A failed attempt.

    `invalid-input` and `permanent` are not tried again, `transient` is, as the task says. `kind`
    is the `error.type` that workflows match on.
    """

    def __init__(self, case: str, message: str, kind: str | None = None, details=None):
        super().__init__(message)
        self.case, self.kind, self.details = case, kind, details


def greet(input: dict, info) -> dict:
    name, times = input["name"], input.get("times", 1)
    if name == "":
        raise Failure("invalid-input", "`name` is empty", kind="no_name")
    info("greeting", name=name, times=times)
    return {"message": " ".join([f"Hello, {name}!"] * times)}
