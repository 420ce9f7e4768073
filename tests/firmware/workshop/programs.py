"""Programs of the operating system that are not there, played by small scripts."""

from __future__ import annotations

import stat
import sys
from pathlib import Path

import pytest


class Programs:
    """A path on which only these programs are, and what they were called with."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.calls_file = folder / "calls"
        folder.mkdir()
        patch.setenv("PATH", str(folder))

    def put(self, name: str, *answers: tuple[str, str]) -> None:
        """A program that answers ``(words in its arguments, text)``; ``!`` before a text fails."""
        path = self.folder / name
        path.write_text(
            f"#!{sys.executable}\n"
            "import sys\n"
            f"open({str(self.calls_file)!r}, 'a').write({name!r} + ' ' + ' '.join(sys.argv[1:])"
            " + '\\n')\n"
            "said = ' '.join(sys.argv[1:])\n"
            f"for words, text in {list(answers)!r}:\n"
            "    if words in said:\n"
            "        if text.startswith('!'):\n"
            "            sys.stderr.write(text[1:])\n"
            "            sys.exit(4)\n"
            "        sys.stdout.write(text)\n"
            "        break\n"
        )
        path.chmod(path.stat().st_mode | stat.S_IXUSR)

    def calls(self) -> list[str]:
        if not self.calls_file.exists():
            return []
        return self.calls_file.read_text().splitlines()
