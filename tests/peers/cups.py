"""A real cupsd with a film imager that we play: media runs out, covers open, jobs are kept."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.end_to_end.cli import answers, until
from tests.peers.process import free_port, program

QUEUE = "film"
READY_WITHIN = 90.0

_BACKEND = """#!/bin/sh
# argv: job user title copies options [file]
if [ $# -eq 0 ]; then echo 'direct filmsim:/ "Film" "Simulated film imager" ""'; exit 0; fi
out={out}
trap 'echo "cancelled $1" >> "$out/log"; exit 0' TERM
while [ -e "$out/no-media" ]; do
    echo "STATE: +media-empty-error" >&2; echo "ERROR: the magazine is empty" >&2; sleep 0.2
done
echo "STATE: -media-empty-error" >&2
[ -e "$out/broken" ] && {{ echo "STATE: +cover-open-error" >&2; exit 4; }}
[ -e "$out/refuse" ] && exit 1
cat "${{6:--}}" > "$out/part-$1"
printf '%s\\n' "$3" "$4" "$5" > "$out/job-$1.txt"
mv "$out/part-$1" "$out/job-$1.pdf"
echo "PAGE: 1 $4" >&2
exit 0
"""

_PPD = """*PPD-Adobe: "4.3"
*FormatVersion: "4.3"
*FileVersion: "1.0"
*LanguageVersion: English
*LanguageEncoding: ISOLatin1
*PCFileName: "FILM.PPD"
*Product: "(Film)"
*Manufacturer: "Test"
*ModelName: "Test Film"
*ShortNickName: "Test Film"
*NickName: "Test Film"
*PSVersion: "(3010.000) 0"
*LanguageLevel: "3"
*ColorDevice: True
*DefaultColorSpace: Gray
*cupsVersion: 2.4
*cupsFilter2: "application/vnd.cups-pdf application/pdf 0 -"
"""

_SHEETS = {"14x17": (1008, 1224), "A4": (595, 842), "8x10": (576, 720), "A3": (842, 1191)}


@dataclass
class PrintServer:
    """cupsd on loopback, with the queue ``film``.

    ``out`` receives each job as it reached the printer: ``job-N.pdf``, and in ``job-N.txt`` its
    title, copies and options, a line each.
    """

    port: int
    out: Path
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def printed(self) -> list[Path]:
        return sorted(self.out.glob("job-*.pdf"), key=lambda path: int(path.stem[4:]))

    def titles(self) -> list[str]:
        return [path.with_suffix(".txt").read_text().splitlines()[0] for path in self.printed()]

    def flag(self, name: str, set_: bool = True) -> None:
        """``no-media``, ``broken`` or ``refuse``."""
        path = self.out / name
        path.touch() if set_ else path.unlink(missing_ok=True)

    def enable(self) -> None:
        """Let a queue that stopped itself go on."""
        admin = program("cupsenable", "cups-client")
        subprocess.run([admin, "-h", self.address, QUEUE], check=True)


def _ppd() -> str:
    lines = [_PPD]
    for option in ("PageSize", "PageRegion"):
        lines.append(f"*OpenUI *{option}/Size: PickOne\n*Default{option}: 14x17\n")
        for name, (width, height) in _SHEETS.items():
            lines.append(
                f'*{option} {name}/{name}: "<</PageSize[{width} {height}]>>setpagedevice"\n'
            )
        lines.append(f"*CloseUI: *{option}\n")
    lines.append("*DefaultImageableArea: 14x17\n")
    lines += [f'*ImageableArea {n}: "0 0 {w} {h}"\n' for n, (w, h) in _SHEETS.items()]
    lines.append("*DefaultPaperDimension: 14x17\n")
    lines += [f'*PaperDimension {n}: "{w} {h}"\n' for n, (w, h) in _SHEETS.items()]
    lines.append('*DefaultResolution: 300dpi\n*Resolution 300dpi: "<</HWResolution[300 300]>>"\n')
    return "".join(lines)


def _configure(folder: Path, port: int, out: Path) -> tuple[Path, Path]:
    real = Path("/usr/lib/cups")
    for name in ("bin/backend", "etc", "spool/tmp", "cache", "run", "log"):
        (folder / name).mkdir(parents=True)
    for each in real.iterdir():
        if each.name != "backend":
            (folder / "bin" / each.name).symlink_to(each)
    backend = folder / "bin" / "backend" / "filmsim"
    backend.write_text(_BACKEND.format(out=out))
    backend.chmod(0o700)
    shutil.chown(backend, os.getuid())
    files = folder / "etc" / "cups-files.conf"
    files.write_text(
        f"ServerRoot {folder}/etc\nDataDir /usr/share/cups\nServerBin {folder}/bin\n"
        f"RequestRoot {folder}/spool\nTempDir {folder}/spool/tmp\nCacheDir {folder}/cache\n"
        f"StateDir {folder}/run\nAccessLog {folder}/log/access\nErrorLog {folder}/log/error\n"
        f"PageLog {folder}/log/page\nFileDevice Yes\nSystemGroup root\nSandboxing relaxed\n"
    )
    main = folder / "etc" / "cupsd.conf"
    main.write_text(
        f"LogLevel debug\nListen 127.0.0.1:{port}\nListen {folder}/run/cups.sock\nBrowsing Off\n"
        "DefaultAuthType None\nMaxLogSize 0\nErrorPolicy stop-printer\n"
        "MultipleOperationTimeout 5\n"
        "<Location />\nOrder allow,deny\nAllow from 127.0.0.1\n</Location>\n"
        "<Location /admin>\nOrder allow,deny\nAllow from 127.0.0.1\n</Location>\n"
        "<Policy default>\n<Limit All>\nOrder deny,allow\n</Limit>\n</Policy>\n"
    )
    return main, files


@pytest.fixture
def print_server() -> Iterator[PrintServer]:
    """A print server of its own for one test."""
    # its filters run as another user, who cannot look into pytest's own folders
    folder = Path(tempfile.mkdtemp(prefix="cups-"))
    folder.chmod(0o755)
    out = folder / "out"
    out.mkdir(mode=0o755)
    port = free_port()
    main, files = _configure(folder, port, out)
    log = folder / "cupsd.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [program("cupsd", "cups-daemon"), "-f", "-c", main, "-s", files],
            stdout=output,
            stderr=output,
        )
    server = PrintServer(port, out, process, folder / "log" / "error")
    try:
        until(lambda: answers(port), READY_WITHIN, lambda: log.read_text())
        ppd = folder / "film.ppd"
        ppd.write_text(_ppd())
        subprocess.run(
            [
                program("lpadmin", "cups-client"), "-h", server.address, "-p", QUEUE, "-E",
                "-v", "filmsim:/", "-P", ppd, "-o", "printer-error-policy=stop-printer",
            ],
            check=True,
        )  # fmt: skip
        yield server
    finally:
        process.terminate()
        process.wait(20)
        shutil.rmtree(folder)
