import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import config
from pydicom.dataset import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filereader import read_dataset

from device import commitment
from device.commitment import FailedReference, failure_text, parse_report, request_dataset
from device.errors import DeviceError, InvalidReport
from device.exam import InstanceReference

CT = "1.2.840.10008.5.1.4.1.1.2"


@pytest.fixture(autouse=True, scope="module")
def _strict_writing():
    before = config.settings.writing_validation_mode
    config.settings.writing_validation_mode = config.RAISE
    yield
    config.settings.writing_validation_mode = before


def reference(uid: str, reason: int | None = None) -> Dataset:
    item = Dataset()
    item.ReferencedSOPClassUID = CT
    item.ReferencedSOPInstanceUID = uid
    if reason is not None:
        item.FailureReason = reason
    return item


def report(committed: list[str], failed: dict[str, int] | None = None) -> Dataset:
    ds = Dataset()
    ds.TransactionUID = "2.25.1"
    ds.ReferencedSOPSequence = [reference(uid) for uid in committed]
    if failed is not None:
        ds.FailedSOPSequence = [reference(uid, reason) for uid, reason in failed.items()]
    return ds


def test_the_request_holds_what_the_standard_lists_and_nothing_else() -> None:
    ds = request_dataset("2.25.1", [InstanceReference(CT, "1.2.1"), InstanceReference(CT, "1.2.2")])
    assert [each.keyword for each in ds] == ["TransactionUID", "ReferencedSOPSequence"]
    assert [item.ReferencedSOPInstanceUID for item in ds.ReferencedSOPSequence] == [
        "1.2.1",
        "1.2.2",
    ]
    assert {item.ReferencedSOPClassUID for item in ds.ReferencedSOPSequence} == {CT}


def test_an_instance_is_asked_for_once() -> None:
    ds = request_dataset("2.25.1", [InstanceReference(CT, "1.2.1")] * 3)
    assert len(ds.ReferencedSOPSequence) == 1


@pytest.mark.parametrize(
    ("transaction", "references"),
    [
        ("2.25.1", []),
        ("", [InstanceReference(CT, "1.2")]),
        ("1.02", [InstanceReference(CT, "1.2")]),
        ("2.25.1", [InstanceReference("", "1.2")]),
        ("2.25.1", [InstanceReference(CT, "x")]),
    ],
)
def test_a_request_that_no_archive_could_answer_is_refused(transaction, references) -> None:
    with pytest.raises(DeviceError, match="was not asked for"):
        request_dataset(transaction, references)


def test_a_full_success_is_read() -> None:
    result = parse_report(report(["1.2.1", "1.2.2"]), 1)
    assert result.transaction_uid == "2.25.1"
    assert result.committed == ("1.2.1", "1.2.2")
    assert result.failed == ()


@pytest.mark.parametrize("event_type", [1, 2])
def test_the_lists_decide_and_not_the_event_type(event_type: int) -> None:
    result = parse_report(report(["1.2.1"], {"1.2.2": 0x0112}), event_type)
    assert result.committed == ("1.2.1",)
    assert result.failed == (FailedReference(CT, "1.2.2", 0x0112),)


def test_an_instance_in_both_lists_has_failed() -> None:
    result = parse_report(report(["1.2.1", "1.2.2"], {"1.2.2": 0x0110}), 1)
    assert result.committed == ("1.2.1",)
    assert [failure.sop_instance_uid for failure in result.failed] == ["1.2.2"]


def test_repetitions_and_malformed_references_are_passed_over() -> None:
    ds = report(["1.2.1", "1.2.1"], {"1.2.2": 0x0112})
    ds.ReferencedSOPSequence.append(Dataset())
    ds.FailedSOPSequence.append(reference("1.2.2", 0x0110))
    nameless = Dataset()
    nameless.FailureReason = 0x0112
    ds.FailedSOPSequence.append(nameless)
    result = parse_report(ds, 2)
    assert result.committed == ("1.2.1",)
    assert result.failed == (FailedReference(CT, "1.2.2", 0x0112),)


def test_a_failure_without_a_reason_is_a_processing_failure() -> None:
    ds = report([])
    ds.FailedSOPSequence = [reference("1.2.2")]
    assert parse_report(ds, 2).failed[0].reason == 0x0110


def test_a_report_without_lists_says_nothing() -> None:
    ds = Dataset()
    ds.TransactionUID = "2.25.1"
    result = parse_report(ds, 1)
    assert (result.committed, result.failed) == ((), ())


@pytest.mark.parametrize("event_type", [0, 3, -1])
def test_an_unknown_event_commits_nothing(event_type: int) -> None:
    with pytest.raises(InvalidReport, match="event type"):
        parse_report(report(["1.2.1"]), event_type)


def test_a_report_without_a_transaction_is_refused() -> None:
    ds = report(["1.2.1"])
    del ds.TransactionUID
    with pytest.raises(InvalidReport, match="Transaction UID") as refusal:
        parse_report(ds, 1)
    assert isinstance(refusal.value, ValueError)


def test_a_report_of_absurd_length_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commitment, "MAX_REFERENCES", 3)
    with pytest.raises(InvalidReport, match="more than 3"):
        parse_report(report(["1.2.1", "1.2.2", "1.2.3", "1.2.4"]), 1)


@given(st.binary(max_size=120))
def test_garbled_sequences_never_commit_by_accident_or_crash(noise: bytes) -> None:
    uid = b"\x08\x00\x95\x11UI\x06\x002.25.1"
    padded = noise + b"\0" * (len(noise) % 2)
    sequence = b"\x08\x00\x99\x11SQ\x00\x00" + len(padded).to_bytes(4, "little") + padded
    ds = read_dataset(DicomBytesIO(uid + sequence), False, True)
    try:
        result = parse_report(ds, 1)
    except InvalidReport:
        return
    assert result.transaction_uid == "2.25.1"
    assert all(uid in noise.decode("latin-1") for uid in result.committed)


@pytest.mark.parametrize("reason", [0x0110, 0x0112, 0x0119, 0x0122, 0x0131, 0x0213])
def test_every_reason_of_the_standard_has_a_sentence_of_its_own(reason: int) -> None:
    text = failure_text(reason)
    assert f"{reason:04X}" in text
    assert "does not know" not in text
    assert "does not know" in failure_text(0xBEEF)
