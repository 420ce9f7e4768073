"""A bundle: a tar file of a signed manifest, then the files that it lists, in its order."""

from __future__ import annotations

import hashlib
import io
import re
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import msgspec

from firmware.update.errors import UpdateRefused
from firmware.update.signature import sign, verify

MANIFEST, SIGNATURE, SYSTEM = "manifest.json", "manifest.sig", "root.squashfs"
BOOT = "boot/"
SLOT = "@SLOT@"
"""Stands in ``config.txt`` and ``cmdline.txt`` of a bundle for the slot that it is written to."""

_FORMAT = 1
_LARGEST_MANIFEST = 256 * 1024
_LARGEST_BOOT_FILE = 128 * 1024 * 1024
_BLOCK = 1024 * 1024
_BOOT_NAME = re.compile(r"boot/[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_NUMBERS = re.compile(r"\d+")
_TAR_ERRORS = (tarfile.TarError, EOFError, OSError)


class Listed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One file of a bundle."""

    name: str
    size: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a bundle is.

    Attributes
    ----------
    variant
        ``kiosk`` or ``headless``.
    compatibility
        Of the catalog that its software can open, see :mod:`services.catalog.schema`.
    """

    format: int
    variant: str
    version: str
    compatibility: int
    files: tuple[Listed, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """One file of a bundle while it is read; :meth:`blocks` may be called once."""

    listed: Listed
    stream: IO[bytes]

    def blocks(self) -> Iterator[bytes]:
        """The content.

        Raises
        ------
        UpdateRefused
            After the last block, where it is not what the manifest lists.
        """
        digest, size = hashlib.sha256(), 0
        try:
            while block := self.stream.read(_BLOCK):
                digest.update(block)
                size += len(block)
                yield block
        except _TAR_ERRORS as error:
            raise _broken(str(error)) from error
        if size != self.listed.size or digest.hexdigest() != self.listed.sha256:
            raise _broken(f"{self.listed.name} is not what its manifest lists")


class Bundle:
    """A bundle whose manifest is proved to be genuine.

    Parameters
    ----------
    stream
        Read from front to end, once.
    keys
        Folder of the public keys that may have signed it.

    Raises
    ------
    UpdateRefused
        It is no bundle, or nobody trusted signed it.
    """

    def __init__(self, stream: IO[bytes], keys: Path) -> None:
        try:
            self._tar = tarfile.open(fileobj=stream, mode="r|")  # noqa: SIM115 -- read on later
            manifest = self._small(MANIFEST)
            signature = self._small(SIGNATURE)
        except _TAR_ERRORS as error:
            raise _broken(str(error)) from error
        self.signed_by = verify(manifest, signature, keys)
        try:
            self.manifest = msgspec.json.decode(manifest, type=Manifest)
        except msgspec.DecodeError as error:
            raise UpdateRefused(f"this update needs a later updater: {error}") from error
        _check(self.manifest)

    def parts(self) -> Iterator[Part]:
        """The files in the order of the manifest; each is read before the next is asked for."""
        for listed in self.manifest.files:
            try:
                member = self._tar.next()
                stream = self._tar.extractfile(member) if member and member.isreg() else None
            except _TAR_ERRORS as error:
                raise _broken(str(error)) from error
            if member is None or stream is None or member.name != listed.name:
                raise _broken(f"{listed.name} is missing")
            yield Part(listed, stream)

    def _small(self, name: str) -> bytes:
        member = self._tar.next()
        if member is None or member.name != name or not member.isreg():
            raise _broken(f"{name} is missing")
        if member.size > _LARGEST_MANIFEST:
            raise _broken(f"{name} is too large")
        stream = self._tar.extractfile(member)
        assert stream is not None, "a regular member has content"
        return stream.read()


def _check(manifest: Manifest) -> None:
    if manifest.format != _FORMAT:
        raise UpdateRefused(f"this update has format {manifest.format} and needs a later updater")
    names = [each.name for each in manifest.files]
    boot = [each for each in manifest.files if each.name != SYSTEM]
    good = all(_BOOT_NAME.fullmatch(each.name) for each in boot) and len(set(names)) == len(names)
    wanted = {SYSTEM, f"{BOOT}config.txt", f"{BOOT}cmdline.txt"}
    small = all(each.size <= _LARGEST_BOOT_FILE for each in boot)
    if not (good and small and wanted <= set(names)):
        raise _broken("its list of files is not that of a system")


def make_bundle(
    output: Path,
    private_key: Path,
    system: Path,
    boot: Path,
    *,
    variant: str,
    version: str,
    compatibility: int,
) -> Manifest:
    """Write a bundle; the same files and key give the same bytes.

    Parameters
    ----------
    system
        The squashfs.
    boot
        Kernel, ramdisk, device trees, ``cmdline.txt`` and ``config.txt``, with :data:`SLOT` where
        the slot stands.
    """
    files = [(SYSTEM, system), *((BOOT + each.name, each) for each in sorted(boot.iterdir()))]
    listed = tuple(Listed(name, file.stat().st_size, _sha256(file)) for name, file in files)
    manifest = Manifest(_FORMAT, variant, version, compatibility, listed)
    _check(manifest)
    data = msgspec.json.encode(manifest)
    with tarfile.open(output, "w", format=tarfile.USTAR_FORMAT) as tar:
        for name, content in ((MANIFEST, data), (SIGNATURE, sign(data, private_key))):
            tar.addfile(_member(name, len(content)), io.BytesIO(content))
        for each, (_, file) in zip(listed, files, strict=True):
            with file.open("rb") as stream:
                tar.addfile(_member(each.name, each.size), stream)
    return manifest


def _member(name: str, size: int) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.size, member.mode = size, 0o644
    return member


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def is_older(version: str, than: str) -> bool:
    """Whether a version comes before another, by its numbers."""
    return _numbers(version) < _numbers(than)


def _numbers(version: str) -> list[int]:
    return [int(number) for number in _NUMBERS.findall(version)]


@contextmanager
def opened(source: str) -> Iterator[IO[bytes]]:
    """A bundle by its path or its address (http, https).

    Raises
    ------
    UpdateRefused
        It cannot be had.
    """
    import urllib.request

    try:
        if source.startswith(("https://", "http://")):
            stream: IO[bytes] = urllib.request.urlopen(source, timeout=60)  # noqa: S310 -- checked
        else:
            stream = Path(source).open("rb")  # noqa: SIM115 -- closed below
    except OSError as error:
        raise UpdateRefused(f"{source} cannot be read: {error}") from error
    with stream:
        yield stream


def _broken(why: str) -> UpdateRefused:
    return UpdateRefused(f"the update is damaged ({why}): copy or load it anew")
