"""The Python part of an image: the pinned packages and the product, for the box's processor."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

from image import debian, recipe

_PLATFORMS = ("any", *(f"manylinux_2_{minor}_aarch64" for minor in (17, 28, 34, 35, 36, 38, 39)))
_UNUSED = ("_distutils_hack", "bin", "distutils-precedence.pth", "pip", "pkg_resources")
_UNUSED_PREFIXES = ("pip-", "setuptools")
_PACKAGES = ("device", "drivers", "firmware", "services")
_BUILT_FROM = (*_PACKAGES, "pyproject.toml", "README.md", "LICENSE")


def install_locked(site: Path) -> None:
    """Put the packages of ``locks/runtime.txt`` into a folder; nothing is compiled.

    Raises
    ------
    subprocess.CalledProcessError
        A package has no wheel for the box, or not the pinned hash; pip has said which.
    """
    lock = recipe.REPOSITORY / "locks" / "runtime.txt"
    _pip(
        *("install", "--no-compile", "--only-binary=:all:", "--implementation", "cp"),
        *("--python-version", recipe.PYTHON, "--target", str(site)),
        *(word for platform in _PLATFORMS for word in ("--platform", platform)),
        *("--require-hashes", "-r", str(lock)),
    )
    for entry in sorted(site.iterdir()):
        if entry.name in _UNUSED or entry.name.startswith(_UNUSED_PREFIXES):
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()


def install_product(site: Path, scratch: Path) -> str:
    """Put the committed state of this repository into a folder; return the commit.

    What lies in the work tree and is not committed does not get into an image.
    """
    source = scratch / "source"
    shutil.rmtree(source, ignore_errors=True)
    source.mkdir(parents=True)
    git = ("git", "-C", str(recipe.REPOSITORY))
    commit = subprocess.run([*git, "rev-parse", "HEAD"], check=True, text=True, capture_output=True)
    archive = scratch / "source.tar"
    subprocess.run([*git, "archive", "-o", archive, "HEAD", *_BUILT_FROM], check=True)
    with tarfile.open(archive) as tar:
        tar.extractall(source, filter="data")
    _pip(
        *("install", "--no-compile", "--no-deps", "--no-build-isolation", "--no-index"),
        *("--target", str(site), str(source)),
    )
    shutil.rmtree(site / "bin", ignore_errors=True)
    return commit.stdout.strip()


def install_pins(site: Path, scratch: Path) -> None:
    """Put the pins' library (``RPi.GPIO`` over lgpio) into a folder.

    lgpio has no wheel: it is compiled once, in a Debian of the box's architecture under QEMU's user
    emulation, and kept in ``scratch``.
    """
    built = scratch / "pins.tar"
    lock = recipe.FOLDER / "pins.txt"
    if not built.exists() or built.stat().st_mtime < lock.stat().st_mtime:
        _compile_pins(built, lock, scratch)
    with tarfile.open(built) as tar:
        tar.extractall(site, filter="data")


def _compile_pins(built: Path, lock: Path, scratch: Path) -> None:
    downloads = scratch / "pins"
    shutil.rmtree(downloads, ignore_errors=True)
    _pip(
        *("download", "--no-deps", "--no-build-isolation", "--no-binary", "lgpio"),
        *("--dest", str(downloads), "--require-hashes", "-r", str(lock)),
    )
    result = scratch / "pins.result.tar"
    steps = (
        "cd /tmp/pins && tar xzf lgpio-*.tar.gz && cd lgpio-*/"
        " && CFLAGS='-w -ffile-prefix-map=/tmp/pins=.' PYPI=1 python3 setup.py -q build"
        " && mkdir /tmp/out && cp build/lib.*/* /tmp/out/"
        " && python3 -m zipfile -e /tmp/pins/rpi_lgpio-*.whl /tmp/out"
        " && cd /tmp/out && tar --sort=name --owner=0 --group=0 --mtime=@0 -cf /tmp/pins.tar ."
    )
    hooks = (
        f"copy-in {downloads} /tmp",
        f'chroot "$1" sh -ec "{steps}"',
        f"download /tmp/pins.tar {result}",
    )
    debian.bootstrap(recipe.packages(("tools",)), scratch / "tools.tar", hooks)
    (scratch / "tools.tar").unlink()
    result.replace(built)


def _pip(*words: str) -> None:
    environment = {**os.environ, "SOURCE_DATE_EPOCH": str(recipe.epoch()), "PYTHONHASHSEED": "0"}
    subprocess.run([sys.executable, "-m", "pip", "--quiet", *words], check=True, env=environment)
