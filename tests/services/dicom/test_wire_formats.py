"""Reading what peers send is bounded and total; writing is what the standard says."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pynetdicom.pdu import A_ASSOCIATE_RQ

from services.dicom import command, part10, pdu
from tests.services.dicom.objects import EXPLICIT, SECONDARY_CAPTURE, write_object
from tests.services.dicom.parrot import accept


@given(st.binary(max_size=400))
def test_garbage_is_a_value_error_or_a_value(data: bytes) -> None:
    readers = (
        pdu.decode_associate_accept,
        pdu.decode_associate_reject,
        lambda body: list(pdu.decode_fragments(body)),
        command.decode_command,
        lambda body: part10.read_head(memoryview(body)),
    )
    for reader in readers:
        try:
            reader(data)
        except ValueError:
            continue


@given(st.data())
def test_a_damaged_acceptance_is_a_value_error_or_a_value(data: st.DataObject) -> None:
    whole = bytearray(accept({1: EXPLICIT, 3: EXPLICIT})[6:])
    whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(whole)))
    try:
        result = pdu.decode_associate_accept(bytes(whole[:cut]))
    except ValueError:
        return
    assert len(result.transfer_syntaxes) <= 2


def test_acceptance() -> None:
    result = pdu.decode_associate_accept(accept({1: EXPLICIT, 5: EXPLICIT}, max_pdu=4096)[6:])
    assert result == pdu.Acceptance({1: EXPLICIT, 5: EXPLICIT}, 4096)


def test_the_request_says_the_same_to_another_implementation() -> None:
    proposals = [pdu.Proposal(SECONDARY_CAPTURE, (EXPLICIT,)), pdu.Proposal("1.2.3", ("1.2", "1"))]
    raw = pdu.encode_associate_request("THEM", "US", proposals, 65536, ("2.25.1", "V1"))
    read = A_ASSOCIATE_RQ()
    read.decode(raw)
    assert (read.called_ae_title.strip(), read.calling_ae_title.strip()) == ("THEM", "US")
    assert [(c.context_id, c.abstract_syntax) for c in read.presentation_context] == [
        (1, SECONDARY_CAPTURE),
        (3, "1.2.3"),
    ]
    assert read.presentation_context[1].transfer_syntax == ["1.2", "1"]
    assert read.user_information.maximum_length == 65536


@given(
    data=st.binary(min_size=1, max_size=3000),
    max_pdu=st.integers(8, 700),
    message=st.binary(min_size=1, max_size=300),
)
def test_messages_survive_being_cut(data: bytes, max_pdu: int, message: bytes) -> None:
    fragments: list[pdu.Fragment] = []
    for header, body in pdu.encode_message(7, message, memoryview(data), max_pdu):
        whole = bytes(header) + bytes(body)
        assert len(whole) - 6 <= max_pdu
        assert int.from_bytes(whole[2:6], "big") == len(whole) - 6
        fragments += pdu.decode_fragments(whole[6:])
    assert b"".join(f.data for f in fragments if f.is_command) == message
    assert b"".join(f.data for f in fragments if not f.is_command) == data
    assert [f.is_last for f in fragments if not f.is_command].count(True) == 1
    assert fragments[-1].is_last


def test_command_sets_read_back() -> None:
    read = command.decode_command(command.store_request("1.2.3", "1.2.3.4", 77))
    assert command.number_in(read, command.Element.MESSAGE_ID) == 77
    assert read[command.Element.AFFECTED_SOP_INSTANCE_UID] == b"1.2.3.4\0"
    assert command.has_data_set(read)


def test_the_head_of_a_file(tmp_path: Path) -> None:
    content = write_object(tmp_path).read_bytes()
    head = part10.read_head(memoryview(content))
    assert (head.sop_class_uid, head.transfer_syntax) == (SECONDARY_CAPTURE, EXPLICIT)
    assert content[head.data_set_offset : head.data_set_offset + 4] == b"\x08\x00\x05\x00"


@pytest.mark.parametrize("length", [0, 100, 132, 140, 200, 250])
def test_a_file_cut_in_its_head_is_refused(tmp_path: Path, length: int) -> None:
    content = io.BytesIO(write_object(tmp_path).read_bytes()).read(length)
    with pytest.raises(ValueError):
        part10.read_head(memoryview(content))
