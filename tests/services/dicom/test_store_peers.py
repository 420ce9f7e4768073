"""Storing at DCMTK and Orthanc."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
import pytest

from services.dicom.query import instances_present
from services.dicom.store import StoreSession
from services.errors import ContextRefused, PeerUnreachable
from tests.peers.process import RunningPeer, free_port, local_peer
from tests.services.dicom.certificates import Authority
from tests.services.dicom.objects import (
    CT_IMAGE,
    EXPLICIT,
    SECONDARY_CAPTURE,
    data_set_bytes,
    write_object,
)

pytestmark = pytest.mark.peer

WANTED = [(SECONDARY_CAPTURE, EXPLICIT), (CT_IMAGE, EXPLICIT)]
JPEG_2000 = "1.2.840.10008.1.2.4.90"


def stored(running: RunningPeer, path: Path) -> Path:
    """Find the peer's copy of an object."""
    uid = pydicom.dcmread(path, stop_before_pixels=True).SOPInstanceUID
    found = [copy for copy in running.directory.rglob("*") if copy.name.endswith(uid)]
    assert len(found) == 1
    return found[0]


def test_bytes_arrive_as_they_are(storescp: RunningPeer, tmp_path: Path) -> None:
    files = [write_object(tmp_path, n, rows=64 * n, study=11) for n in range(1, 12)]
    with StoreSession(storescp.peer, "BOX", WANTED) as session:
        assert session.accepts(SECONDARY_CAPTURE, EXPLICIT)
        assert not session.accepts(SECONDARY_CAPTURE, JPEG_2000)
        replies = [session.send(path) for path in files]
    assert [reply.status for reply in replies] == [0] * len(files)
    for path in files:
        assert data_set_bytes(stored(storescp, path)) == data_set_bytes(path)


def test_several_classes_over_one_association(storescp: RunningPeer, tmp_path: Path) -> None:
    files = [
        write_object(tmp_path, 1, study=12),
        write_object(tmp_path, 2, study=12, sop_class=CT_IMAGE),
    ]
    with StoreSession(storescp.peer, "BOX", WANTED) as session:
        assert [session.send(path).status for path in files] == [0, 0]
    assert {pydicom.dcmread(stored(storescp, p)).SOPClassUID for p in files} == {
        SECONDARY_CAPTURE,
        CT_IMAGE,
    }


def test_compressed_objects_go_as_they_are(storescp: RunningPeer, tmp_path: Path) -> None:
    source = Path(pydicom.data.get_testdata_file("MR_small_RLE.dcm", download=False))
    head = pydicom.dcmread(source, stop_before_pixels=True)
    syntax = str(head.file_meta.TransferSyntaxUID)
    with StoreSession(storescp.peer, "BOX", [(head.SOPClassUID, syntax)]) as session:
        assert session.send(source).status == 0
    assert data_set_bytes(stored(storescp, source)) == data_set_bytes(source)


def test_a_peer_of_implicit_syntax_only_gets_the_same_picture(
    start_storescp: Callable[..., RunningPeer], tmp_path: Path
) -> None:
    running = start_storescp("+xi")
    path = write_object(tmp_path)
    with StoreSession(running.peer, "BOX", WANTED) as session:
        assert session.accepts(SECONDARY_CAPTURE, EXPLICIT)
        assert session.send(path).status == 0
    ours, theirs = pydicom.dcmread(path), pydicom.dcmread(stored(running, path))
    assert theirs.file_meta.TransferSyntaxUID.is_implicit_VR
    assert theirs.PatientName == ours.PatientName
    assert np.array_equal(theirs.pixel_array, ours.pixel_array)


def test_what_cannot_be_recoded_is_refused_and_the_rest_still_goes(
    start_storescp: Callable[..., RunningPeer], tmp_path: Path
) -> None:
    running = start_storescp("+xi")
    compressed = Path(pydicom.data.get_testdata_file("MR_small_RLE.dcm", download=False))
    head = pydicom.dcmread(compressed, stop_before_pixels=True)
    wanted = [*WANTED, (str(head.SOPClassUID), str(head.file_meta.TransferSyntaxUID))]
    with StoreSession(running.peer, "BOX", wanted) as session:
        with pytest.raises(ContextRefused, match="RLE Lossless"):
            session.send(compressed)
        assert session.send(write_object(tmp_path)).status == 0


def test_dcmqrscp_stores_and_lists(dcmqrscp: RunningPeer, tmp_path: Path) -> None:
    files = [write_object(tmp_path, n, study=13) for n in range(1, 4)]
    with StoreSession(dcmqrscp.peer, "BOX", WANTED) as session:
        assert [session.send(path).status for path in files] == [0, 0, 0]
    _assert_listed(dcmqrscp, files)


def test_orthanc_stores_and_lists(orthanc: RunningPeer, tmp_path: Path) -> None:
    files = [write_object(tmp_path, n, study=14) for n in range(1, 4)]
    with StoreSession(orthanc.peer, "BOX", WANTED) as session:
        assert [session.send(path).status for path in files] == [0, 0, 0]
        assert session.send(files[0]).status == 0
    _assert_listed(orthanc, files)


def _assert_listed(running: RunningPeer, files: list[Path]) -> None:
    heads = [pydicom.dcmread(path, stop_before_pixels=True) for path in files]
    uids = {str(head.SOPInstanceUID) for head in heads}
    asked = {*uids, "1.2.3.4.5.6"}
    study = str(heads[0].StudyInstanceUID)
    assert instances_present(running.peer, "BOX", study, asked) == uids
    assert instances_present(running.peer, "BOX", "1.2.3.9", asked) == set()


@pytest.mark.parametrize("profile", ["+py", "+px"])
def test_mutual_tls(
    start_storescp: Callable[..., RunningPeer],
    authority: Authority,
    tmp_path: Path,
    profile: str,
) -> None:
    theirs, ours = authority.issue("pacs"), authority.issue("box")
    running = start_storescp(
        *("+tls", str(theirs.key), str(theirs.certificate), "+cf", str(theirs.ca), profile),
        *("-pm", "+B"),
    )
    path = write_object(tmp_path, rows=1024, columns=1024)
    with StoreSession(replace(running.peer, tls=ours), "BOX", WANTED) as session:
        assert session.send(path).status == 0
        assert session.send(path).status == 0
    assert data_set_bytes(stored(running, path)) == data_set_bytes(path)


def test_tls_files_that_are_not_there(authority: Authority) -> None:
    material = replace(authority.issue("c"), key=authority.folder / "lost.key")
    peer = replace(local_peer("pacs", "PACS", free_port()), tls=material)
    with pytest.raises(PeerUnreachable, match=r"lost\.key"), StoreSession(peer, "BOX", WANTED):
        pass


def test_tls_with_strangers_fails_and_says_why(
    start_storescp: Callable[..., RunningPeer], authority: Authority, stranger: Authority
) -> None:
    theirs = authority.issue("pacs2")
    running = start_storescp(
        *("+tls", str(theirs.key), str(theirs.certificate), "+cf", str(theirs.ca), "-pm"),
    )
    distrusted = replace(running.peer, tls=replace(authority.issue("b"), ca=stranger.certificate))
    with (
        pytest.raises(PeerUnreachable, match="certificate was not accepted"),
        StoreSession(distrusted, "BOX", WANTED),
    ):
        pass
    unknown = replace(running.peer, tls=replace(stranger.issue("b"), ca=authority.certificate))
    with pytest.raises(PeerUnreachable, match="TLS"), StoreSession(unknown, "BOX", WANTED):
        pass
