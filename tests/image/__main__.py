"""``make test-image``: builds the image and starts it in QEMU; words after ``--`` go to pytest."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

import pytest

from image import recipe
from image.build import build, require_programs
from tests.image.conftest import IMAGE


def main() -> int:
    parser = argparse.ArgumentParser(prog="make test-image", description=__doc__)
    parser.add_argument("--variant", choices=[*recipe.VARIANTS], default="headless")
    parser.add_argument("--image", type=Path, help="start this image instead of building one")
    parser.add_argument("pytest", nargs="*", help="words for pytest")
    options = parser.parse_args()
    image = options.image
    if image is None:
        require_programs()
        folder = recipe.REPOSITORY / "build" / "image"
        image = build(recipe.VARIANTS[options.variant], folder, pack=False).image
    here = Path(__file__).parent
    files = [str(here / name) for name in ("boots.py", "exams.py", "ends.py")]
    words = ["-v", "-x", "-s", "-p", "no:cacheprovider", "-p", "no:xdist", "--timeout=1800"]
    os.environ[IMAGE] = str(image.resolve())
    return pytest.main([*words, *options.pytest, *files])


if __name__ == "__main__":
    sys.exit(main())
