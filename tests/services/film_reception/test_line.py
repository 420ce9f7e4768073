"""Scanners that are awkward: other orders of bytes, requests without a pause, garbage, no end."""

from __future__ import annotations

import random
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRBigEndian, ImplicitVRLittleEndian, generate_uid

from services.box import Box
from services.catalog import received_sheets
from services.catalog.received_sheets import Images
from services.dicom import print_uids as uids
from services.film_reception import line as lines
from services.film_reception.cabinet import samples
from services.film_reception.line import Line
from tests.end_to_end.cli import until
from tests.services.boxes import make_box
from tests.services.film_reception.scanner import (
    Place,
    Scanner,
    dataset,
    film_place,
    image_box,
    ramp,
    scanner,
)

DEEP = (np.arange(1200) % 4096).astype(np.uint16).reshape(30, 40)


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    made = make_box(tmp_path)
    with made.catalog:
        yield made


@pytest.fixture
def place(box: Box) -> Iterator[Place]:
    with film_place(box, images=Images.UNASSIGNED) as made:
        yield made


def swap_words(attributes: Dataset) -> Dataset:
    """As a big endian machine sends its words."""
    for element in attributes.iterall():
        if element.VR == "OW":
            element.value = np.frombuffer(element.value, "<u2").astype(">u2").tobytes()
    return attributes


def kept(place: Place) -> Any:
    sheet = received_sheets.recent(place.box.catalog)[0]
    return place.cabinet.read(sheet)


@pytest.mark.parametrize("words", [False, True], ids=["bytes", "words"])
def test_big_endian_pixels_arrive_as_they_were_meant(place: Place, words: bool) -> None:
    with scanner(place, syntax=ExplicitVRBigEndian) as caller:
        caller.begin()
        film, boxes, _ = caller.film("STANDARD\\2,1")
        shallow = image_box(1, ramp())
        if words:
            shallow.BasicGrayscaleImageSequence[0]["PixelData"].VR = "OW"
        assert caller.set(uids.GREY_IMAGE_BOX, boxes[0], swap_words(shallow)) == 0
        deep = swap_words(image_box(2, DEEP, bits=12))
        assert caller.set(uids.GREY_IMAGE_BOX, boxes[1], deep) == 0
        assert caller.action(uids.FILM_BOX, film)[0] == 0
    first, second = kept(place).pictures
    assert np.array_equal(samples(first), ramp())
    assert np.array_equal(samples(second), DEEP)


@pytest.mark.parametrize("syntax", [ExplicitVRBigEndian, ImplicitVRLittleEndian])
@pytest.mark.parametrize("vr", ["US", "OW"])
def test_a_table_arrives_as_it_was_meant(place: Place, syntax: str, vr: str) -> None:
    values = [n * 16 for n in range(256)]
    item = dataset(LUTDescriptor=[256, 0, 12])
    item.add_new("LUTData", vr, values if vr == "US" else struct.pack("<256H", *values))
    attributes = dataset(PresentationLUTSequence=[item])
    if syntax == ExplicitVRBigEndian:
        swap_words(attributes)
    with scanner(place, syntax=syntax) as caller:
        caller.begin()
        lut = generate_uid()
        assert caller.create(uids.PRESENTATION_LUT, attributes, lut)[0].Status == 0
        film, boxes, _ = caller.film()
        caller.fill(boxes[0], 1, ramp())
        assert caller.action(uids.FILM_BOX, film)[0] == 0
    assert list(kept(place).luts[lut].values) == values


def test_events_and_requests_do_not_get_into_each_others_way(place: Place) -> None:
    with scanner(place) as caller:
        caller.begin()
        film, boxes, _ = caller.film()
        caller.fill(boxes[0], 1, ramp())
        _, reply = caller.action(uids.FILM_BOX, film)
        job = reply.ReferencedPrintJobSequencePullStoredPrint[0].ReferencedSOPInstanceUID
        told = threading.Event()

        def tell() -> None:
            for number in range(20):
                place.reception.tell_job(job, "PRINTING" if number % 2 else "PENDING")
            told.set()

        teller = threading.Thread(target=tell)
        teller.start()
        for _ in range(30):
            assert caller.fill(boxes[0], 1, ramp()) == 0
        teller.join()
        until(lambda: len(caller.events) == 20, 20)
        assert caller.association.is_established


def test_a_scanner_that_never_answers_an_event_holds_nobody_up(place: Place) -> None:
    with scanner(place) as deaf, scanner(place, ae_title="OTHER") as other:
        jobs = []
        for caller in (deaf, other):
            caller.begin()
            film, boxes, _ = caller.film()
            caller.fill(boxes[0], 1, ramp())
            _, reply = caller.action(uids.FILM_BOX, film)
            jobs.append(reply.ReferencedPrintJobSequencePullStoredPrint[0].ReferencedSOPInstanceUID)
        connection = raw_of(deaf)  # it stays connected, and says nothing any more
        for _ in range(100):
            place.reception.tell_job(jobs[0], "PENDING")
        place.reception.tell_job(jobs[1], "DONE")
        until(lambda: other.events == [(3, jobs[1])], 10)
        connection.close()


def test_every_caller_is_told_of_a_printer_that_changed(place: Place) -> None:
    with scanner(place) as one, scanner(place, ae_title="OTHER") as other:
        place.reception.look_at_printer()
        place.health.append(("WARNING", "SUPPLY LOW"))
        for _ in range(3):
            place.reception.look_at_printer()
        for caller in (one, other):
            until(lambda caller=caller: bool(caller.events), 10)
            assert caller.events == [(2, uids.PRINTER_INSTANCE)]
        place.health.append(("NORMAL", "NORMAL"))
        place.reception.look_at_printer()
        until(lambda: len(one.events) == 2, 10)
        assert one.events[-1] == (1, uids.PRINTER_INSTANCE)


def test_an_answer_goes_before_the_event_that_follows_from_it() -> None:
    sent: list[str] = []
    context = SimpleNamespace(
        abstract_syntax=uids.PRINT_JOB, context_id=1, transfer_syntax=[ImplicitVRLittleEndian]
    )
    association: Any = SimpleNamespace(
        dimse=SimpleNamespace(send_msg=lambda primitive, _: sent.append(type(primitive).__name__)),
        accepted_contexts=[context],
        is_established=True,
    )
    line = Line(association)
    line.begin()
    line.tell(dataset(ExecutionStatusInfo="QUEUED"), 1, uids.PRINT_JOB, "1.2.3")
    assert not sent
    answer = type("N_ACTION", (), {"MessageIDBeingRespondedTo": 7})()
    association.dimse.send_msg(answer, 1)
    assert sent == ["N_ACTION", "N_EVENT_REPORT"]


def test_what_the_session_holds_no_more_takes_no_room(place: Place) -> None:
    def lying() -> int:
        return len(list((place.cabinet.root / "incoming").rglob("*.raw")))

    with scanner(place) as caller:
        session = caller.begin()
        film, boxes, _ = caller.film("STANDARD\\2,1")
        for _ in range(5):
            assert caller.fill(boxes[0], 1, ramp()) == 0
        assert lying() == 1
        assert caller.action(uids.FILM_BOX, film)[0] == 0
        assert caller.delete(uids.FILM_BOX, film) == 0
        assert lying() == 0
        film, boxes, _ = caller.film()
        assert caller.fill(boxes[0], 1, ramp()) == 0
        assert caller.delete(uids.FILM_SESSION, session) == 0
        assert lying() == 0
    assert np.array_equal(samples(kept(place).pictures[0]), ramp())


def raw_of(caller: Scanner) -> socket.socket:
    """The connection of an association, taken from its library."""
    connection: socket.socket = caller.association.dul.socket.socket
    caller.association.dul.kill_dul()
    caller.association.dul.join()
    return connection


def ends(connection: socket.socket) -> bool:
    """Whether the peer hangs up or says that it aborts."""
    connection.settimeout(60)
    try:
        answer = connection.recv(65536)
    except OSError as error:
        return not isinstance(error, TimeoutError)
    return answer == b"" or answer[0] == 0x07


def test_a_message_without_an_end_is_cut_off(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "LONGEST_MESSAGE", 1 << 20)
    with scanner(place) as caller:
        context = caller.association.accepted_contexts[0].context_id
        connection = raw_of(caller)
        part = bytes((context, 0)) + b"\0" * 65000  # data, and more follows
        pdu = struct.pack(">BBIL", 4, 0, len(part) + 4, len(part)) + part
        with suppress(OSError):
            for _ in range(64):
                connection.sendall(pdu)
        assert ends(connection)
    with scanner(place) as again:
        again.begin()


@pytest.mark.parametrize("seed", range(12))
def test_garbage_ends_its_association_and_no_other(place: Place, seed: int) -> None:
    source = random.Random(seed)
    with scanner(place) as good:
        good.begin()
        with scanner(place, ae_title="NOISE") as noise:
            context = noise.association.accepted_contexts[0].context_id
            connection = raw_of(noise)
            for _ in range(20):
                body = source.randbytes(source.randrange(1, 300))
                if seed % 2:  # a whole PDV, whose content is garbage
                    part = bytes((context, source.choice((2, 3)))) + body
                    body = struct.pack(">L", len(part)) + part
                    body = struct.pack(">BBI", 4, 0, len(body)) + body
                try:
                    connection.sendall(body)
                except OSError:
                    break
            with suppress(OSError):  # it may have hung up before
                connection.shutdown(socket.SHUT_WR)
            while not ends(connection):
                """What it answered before."""
            connection.close()
        film, boxes, _ = good.film()
        assert good.fill(boxes[0], 1, ramp()) == 0
        assert good.action(uids.FILM_BOX, film)[0] == 0
    until(lambda: not place.reception._callers and not place.reception._lines, 60)
    until(lambda: not list((place.cabinet.root / "incoming").iterdir()), 60)
