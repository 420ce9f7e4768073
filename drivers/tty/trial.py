"""Tries a driver file with its own examples, so that a wrong one is found before the patient is."""

from __future__ import annotations

from drivers.tty.framing import Framer, Payload, enframe
from drivers.tty.interpret import Interpreter
from drivers.tty.model import LineModel, Message


def try_examples(model: LineModel) -> list[str]:
    """Send every example through framing, checksum and patterns; return what does not come out."""
    return [
        f"messages[{number}].examples: {example!r} {problem}"
        for number, message in enumerate(model.messages, 1)
        for example in message.examples
        if (problem := _try(model, message, example))
    ]


def _try(model: LineModel, message: Message, example: str) -> str:
    try:
        body = example.encode(model.encoding)
    except UnicodeEncodeError:
        return f"cannot be written in {model.encoding}"
    found = Framer(model).feed(enframe(model, body))
    if found != [Payload(body)]:
        return "does not come through the framing"
    heard = Interpreter("example", model).hear(body, 0)
    if heard is None or heard.message != message.name:
        taken = heard.message if heard else ""
        return f"is taken for {taken!r}" if taken else "is none of the messages"
    wrong = [reading.keyword for reading in heard.readings if reading.value is None]
    return f"gives no value for {', '.join(wrong)}" if wrong else ""
