"""Fixtures that start real peers once per session; exposed by ``tests/conftest.py``."""

from __future__ import annotations

import fcntl
import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.peers.process import HERE, RunningPeer, Stable, free_port, program
from tests.peers.worklists import write_worklist_files

StartStorescp = Callable[..., RunningPeer]

_DCMQRSCP_CONFIGURATION = """\
NetworkTCPPort = {port}
MaxPDUSize = 16384
MaxAssociations = 16
HostTable BEGIN
box = (BOX, 127.0.0.1, {report_port})
all = box
HostTable END
VendorTable BEGIN
"Gantry" = box
VendorTable END
AETable BEGIN
DQR {directory} RW (200, 1024mb) ANY
AETable END
"""


@pytest.fixture(scope="session")
def stable(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stable]:
    peers = Stable(tmp_path_factory.mktemp("peers"))
    yield peers
    peers.end()


@pytest.fixture(scope="session")
def start_storescp(stable: Stable) -> StartStorescp:
    """Start one more DCMTK Storage SCP with options of its own."""

    def start(*options: str, nagle: bool = False) -> RunningPeer:
        storescp = program("storescp", "dcmtk")
        return stable.start(
            "storescp",
            "STORESCP",
            lambda port, folder: [storescp, "-aet", "STORESCP", "-od", folder, *options, str(port)],
            {} if nagle else {"TCP_NODELAY": "1"},
        )

    return start


@pytest.fixture(scope="session")
def storescp(start_storescp: StartStorescp) -> RunningPeer:
    """DCMTK's Storage SCP: takes everything, keeps the data set's bytes as they came."""
    return start_storescp("-v", "-pm", "+xa", "+B")


@pytest.fixture(scope="session")
def wlmscpfs(stable: Stable) -> RunningPeer:
    """DCMTK's worklist SCP with one item per character set, which it declares."""
    return _wlmscpfs(stable, "-csk")


@pytest.fixture(scope="session")
def wlmscpfs_without_charset(stable: Stable) -> RunningPeer:
    """The same items from a provider that omits Specific Character Set."""
    return _wlmscpfs(stable, "-cs0")


def _wlmscpfs(stable: Stable, charset_option: str) -> RunningPeer:
    def argv(port: int, folder: Path) -> list[str | Path]:
        write_worklist_files(folder / "RIS")
        program_path = program("wlmscpfs", "dcmtk")
        return [program_path, "-v", charset_option, "-dfp", folder, "-efr", str(port)]

    return stable.start("wlmscpfs", "RIS", argv)


@pytest.fixture(scope="session")
def dcmqrscp(stable: Stable) -> RunningPeer:
    """DCMTK's archive: stores and answers queries."""
    report_port = free_port()

    def argv(port: int, folder: Path) -> list[str | Path]:
        database = folder / "db"
        database.mkdir()
        configuration = folder / "dcmqrscp.cfg"
        configuration.write_text(
            _DCMQRSCP_CONFIGURATION.format(port=port, report_port=report_port, directory=database)
        )
        return [program("dcmqrscp", "dcmtk"), "-v", "-c", configuration, str(port)]

    return stable.start("dcmqrscp", "DQR", argv, {"TCP_NODELAY": "1"}, report_port)


@pytest.fixture(scope="session")
def orthanc(stable: Stable) -> RunningPeer:
    """Orthanc: stores, answers queries and worklists, reports commitment at ``report_port``."""
    report_port = free_port()

    def argv(port: int, folder: Path) -> list[str | Path]:
        worklists = folder / "worklists"
        write_worklist_files(worklists)
        configuration = folder / "orthanc.json"
        configuration.write_text(
            json.dumps(_orthanc_configuration(port, folder, worklists, report_port))
        )
        return [program("Orthanc", "orthanc"), "--verbose", configuration]

    return stable.start("orthanc", "ORTHANC", argv, report_port=report_port)


def _orthanc_configuration(
    port: int, folder: Path, worklists: Path, report_port: int
) -> dict[str, object]:
    return {
        "StorageDirectory": str(folder / "db"),
        "IndexDirectory": str(folder / "db"),
        "Plugins": ["/usr/share/orthanc/plugins/libModalityWorklists.so"],
        "HttpPort": free_port(),
        "RemoteAccessAllowed": False,
        "AuthenticationEnabled": False,
        "DicomAet": "ORTHANC",
        "DefaultEncoding": "Utf8",
        "DicomPort": port,
        "DicomCheckCalledAet": False,
        "DicomAlwaysAllowStore": True,
        "DicomAlwaysAllowFind": True,
        "DicomAlwaysAllowFindWorklist": True,
        "DicomModalities": {"box": ["BOX", "127.0.0.1", report_port]},
        "Worklists": {
            "Enable": True,
            "Database": str(worklists),
            "FilterIssuerAet": False,
            "LimitAnswers": 0,
        },
    }


@pytest.fixture(scope="session")
def mpps_scp(stable: Stable) -> RunningPeer:
    """An MPPS and commitment SCP on dcmjs-dimse; its log is one JSON line per request."""
    folder = HERE / "mpps"
    install_node_modules(folder)
    return stable.start(
        "mpps",
        "JSRIS",
        lambda port, _: [program("node", "nodejs"), folder / "scp.js", str(port)],
        {"LD_PRELOAD": ""},
    )


def install_node_modules(folder: Path) -> None:
    """Install what the lock file names, once, also when several test workers want it."""
    with (folder / "package-lock.json").open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if (folder / "node_modules" / ".package-lock.json").exists():
            return
        subprocess.run(
            [program("npm", "npm"), "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
            cwd=folder,
            check=True,
        )


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Show what the peers of a failed test had to say."""
    report = yield
    if report.failed:
        for name, value in getattr(item, "funcargs", {}).items():
            if isinstance(value, RunningPeer):
                tail = value.log.read_text("utf-8", "replace")[-4000:]
                report.sections.append((f"log of {name}", tail))
    return report
