"""The guest's side of `tests.hardware.hands`: asks the outside to plug, type and speak."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

PORT = Path("/dev/virtio-ports/gantry.hands")


class Hands:
    """The hands of a person who stands beside the box."""

    def __init__(self) -> None:
        self._port = PORT.open("r+b", buffering=0)

    def close(self) -> None:
        self._port.close()

    def plug(self, device: str) -> None:
        self._ask(do="plug", device=device)

    def unplug(self, device: str) -> None:
        self._ask(do="unplug", device=device)

    def key(self, code: str, *, down: bool) -> None:
        """Move one key, named as QEMU does (``QKeyCode``)."""
        self._ask(do="key", code=code, down=down)

    def tap(self, *codes: str) -> None:
        """Press and release one key after the other; QEMU's keyboard keeps 7 at most."""
        for code in codes:
            self.key(code, down=True)
            self.key(code, down=False)

    def say(self, text: str) -> None:
        self._ask(do="say", text=text)

    def heard(self) -> str:
        return str(self._ask(do="heard"))

    def _ask(self, **words: Any) -> Any:
        self._port.write(json.dumps(words).encode() + b"\n")
        answer = b""
        while not answer.endswith(b"\n"):
            answer += self._port.read(4096)
        words = json.loads(answer)
        if "failed" in words:
            raise RuntimeError(f"The hands outside failed: {words['failed']}")
        return words["done"]
