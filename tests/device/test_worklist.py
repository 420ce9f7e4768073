import struct
import warnings
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import config
from pydicom.dataset import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filereader import read_dataset
from pydicom.filewriter import write_dataset

from device.errors import InvalidIdentity
from device.received import MAX_DEPTH, MAX_ELEMENTS, clean
from device.worklist import WorklistItem


@pytest.fixture(autouse=True, scope="module")
def _strict_writing():
    before = config.settings.writing_validation_mode
    config.settings.writing_validation_mode = config.RAISE
    yield
    config.settings.writing_validation_mode = before


def element(tag: int, vr: str, value: bytes) -> bytes:
    padded = value + (b"\0" if vr in ("UI", "SQ", "OB") else b" ") * (len(value) % 2)
    head = (tag >> 16).to_bytes(2, "little") + (tag & 0xFFFF).to_bytes(2, "little") + vr.encode()
    if vr in ("SQ", "OB", "UN", "UT"):
        return head + b"\0\0" + len(padded).to_bytes(4, "little") + padded
    return head + len(padded).to_bytes(2, "little") + padded


def item(content: bytes) -> bytes:
    return b"\xfe\xff\x00\xe0" + len(content).to_bytes(4, "little") + content


def received(*elements: bytes) -> Dataset:
    """An answer as it comes off the wire, free to break every rule."""
    return read_dataset(DicomBytesIO(b"".join(elements)), False, True)


CHARSET, NAME, ID, BIRTH, SEX = 0x00080005, 0x00100010, 0x00100020, 0x00100030, 0x00100040
STUDY, ACCESSION, STEPS, STEP_ID = 0x0020000D, 0x00080050, 0x00400100, 0x00400009
STEP_DATE, MODALITY, DESCRIPTION = 0x00400002, 0x00080060, 0x00321060


def good_answer() -> Dataset:
    ds = Dataset()
    ds.SpecificCharacterSet = "ISO_IR 100"
    ds.AccessionNumber = "A1"
    ds.ReferringPhysicianName = "Ref^Doc"
    ds.PatientName = "Müller^Jörg"
    ds.PatientID = "P1"
    ds.IssuerOfPatientID = "HOSP"
    ds.PatientBirthDate = "19700101"
    ds.PatientSex = "M"
    ds.PatientWeight = "61.5"
    ds.PregnancyStatus = 4
    ds.StudyInstanceUID = "1.2.3"
    ds.RequestedProcedureDescription = "Schädel"
    ds.RequestedProcedureID = "R1"
    step = Dataset()
    step.Modality = "CT"
    step.ScheduledStationAETitle = ["BOX", "BOX2"]
    step.ScheduledProcedureStepStartDate = "20260102"
    step.ScheduledProcedureStepStartTime = "0830"
    step.ScheduledProcedureStepDescription = "Schädel nativ"
    step.ScheduledProcedureStepID = "S1"
    step.ScheduledProcedureStepStatus = "SCHEDULED"
    ds.ScheduledProcedureStepSequence = [step]
    return ds


def off_the_wire(ds: Dataset, *, implicit: bool = True) -> Dataset:
    buffer = DicomBytesIO()
    buffer.is_little_endian = True
    buffer.is_implicit_VR = implicit
    write_dataset(buffer, ds)
    buffer.seek(0)
    return read_dataset(buffer, implicit, True)


@pytest.mark.parametrize("implicit", [True, False])
def test_every_property_comes_from_its_attribute(implicit: bool) -> None:
    entry = WorklistItem.from_dataset(off_the_wire(good_answer(), implicit=implicit))
    assert entry.warnings == ()
    assert entry.scheduled
    assert {
        name: getattr(entry, name)
        for name in dir(WorklistItem)
        if isinstance(getattr(WorklistItem, name), property) and name not in ("step", "key")
    } == {
        "patient_name": "Müller^Jörg",
        "readable_name": "Müller^Jörg",
        "patient_id": "P1",
        "issuer_of_patient_id": "HOSP",
        "patient_birth_date": "19700101",
        "patient_sex": "M",
        "accession_number": "A1",
        "study_instance_uid": "1.2.3",
        "requested_procedure_id": "R1",
        "requested_procedure_description": "Schädel",
        "scheduled_procedure_step_id": "S1",
        "scheduled_procedure_step_description": "Schädel nativ",
        "scheduled_procedure_step_status": "SCHEDULED",
        "modality": "CT",
        "scheduled_station_ae_title": "BOX\\BOX2",
        "start_date": "20260102",
        "start_time": "0830",
        "referring_physicians_name": "Ref^Doc",
        "character_set": ("ISO_IR 100",),
    }
    assert entry.dataset.PatientWeight == 61.5
    assert entry.dataset.PregnancyStatus == 4


def test_the_answer_is_copied() -> None:
    ds = good_answer()
    entry = WorklistItem.from_dataset(ds)
    ds.PatientName = "Other"
    ds.ScheduledProcedureStepSequence[0].Modality = "MR"
    assert (entry.patient_name, entry.modality) == ("Müller^Jörg", "CT")


NAMES = [
    ("ISO_IR 100", "Müller^Jörg", "Straße"),
    ("ISO_IR 144", "Люксембург", "Исследование"),
    ("ISO_IR 192", "Wang^XiaoDong=王^小东", "Žluťoučký"),
    ("GB18030", "Wang^XiaoDong=王^小东", "胸部检查"),
    (["", "ISO 2022 IR 87"], "Yamada^Shun=山田^俊修=やまだ^しゅん", "胸部撮影"),
    (["ISO 2022 IR 13", "ISO 2022 IR 87"], "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう", "胸部撮影"),
    (["", "ISO 2022 IR 149"], "Hong^Gildong=洪^吉洞=홍^길동", "흉부"),
]


@pytest.mark.parametrize(("charset", "name", "text"), NAMES)
def test_names_of_all_scripts_survive_the_wire_and_the_catalog(charset, name, text) -> None:
    ds = good_answer()
    ds.SpecificCharacterSet = charset
    ds.PatientName = name
    ds.RequestedProcedureDescription = text
    ds.ScheduledProcedureStepSequence[0].ScheduledProcedureStepDescription = text
    entry = WorklistItem.from_dataset(off_the_wire(ds))
    again = WorklistItem.decode(entry.encode())
    for each in (entry, again):
        assert each.patient_name == name
        assert each.requested_procedure_description == text
        assert each.scheduled_procedure_step_description == text
        assert each.character_set == ((charset,) if isinstance(charset, str) else tuple(charset))


def test_simplified_chinese_extensions_arrive_whole() -> None:
    ds = received(
        element(CHARSET, "CS", b"\\ISO 2022 IR 58"),
        element(NAME, "PN", b"Zhang^XiaoDong=\x1b$)A\xd5\xc5^\x1b$)A\xd0\xa1\xb6\xab="),
    )
    entry = WorklistItem.from_dataset(ds)
    assert entry.patient_name == "Zhang^XiaoDong=张^小东"
    assert WorklistItem.decode(entry.encode()).patient_name == "Zhang^XiaoDong=张^小东"


def test_a_missing_character_set_is_assumed_where_the_site_says_so() -> None:
    ds = received(element(NAME, "PN", "王^小东".encode()))
    entry = WorklistItem.from_dataset(ds, "ISO_IR 192")
    assert entry.patient_name == "王^小东"
    assert entry.character_set == ("ISO_IR 192",)
    japanese = received(element(NAME, "PN", b"Y=\x1b$B;3ED\x1b(B"))
    entry = WorklistItem.from_dataset(japanese, "\\ISO 2022 IR 87")
    assert entry.patient_name == "Y=山田"


def test_the_assumption_does_not_overrule_what_is_declared() -> None:
    ds = received(element(CHARSET, "CS", b"ISO_IR 100"), element(NAME, "PN", b"M\xfcller"))
    assert WorklistItem.from_dataset(ds, "ISO_IR 192").patient_name == "Müller"


def test_a_missing_character_set_without_a_setting_is_said() -> None:
    ds = received(element(NAME, "PN", b"M\xfcller"), element(ID, "LO", b"P1"))
    entry = WorklistItem.from_dataset(ds)
    assert entry.patient_name == "Müller"
    assert entry.character_set == ("ISO_IR 100",)
    assert any("declares no character set" in text for text in entry.warnings)


def test_undecodable_text_is_replaced_and_said() -> None:
    ds = received(
        element(CHARSET, "CS", b"ISO_IR 192"),
        element(NAME, "PN", b"M\xfcller"),
        element(ID, "LO", b"P1"),
    )
    entry = WorklistItem.from_dataset(ds)
    assert entry.patient_name == "M\ufffdller"
    assert any("PatientName is not text" in text for text in entry.warnings)
    assert WorklistItem.decode(entry.encode()) == entry


@pytest.mark.parametrize(
    ("bad", "name", "sentence"),
    [
        (element(STUDY, "UI", b"1.2.abc"), "study_instance_uid", "StudyInstanceUID is not a valid"),
        (element(STUDY, "UI", b"1.02"), "study_instance_uid", "StudyInstanceUID is not a valid"),
        (element(STUDY, "UI", b"1." + b"2" * 70), "study_instance_uid", "longer than 64"),
        (element(BIRTH, "DA", b"1970-1-1"), "patient_birth_date", "PatientBirthDate is not a date"),
        (element(BIRTH, "DA", b"20260231"), "patient_birth_date", "PatientBirthDate is not a date"),
        (element(SEX, "CS", b"female"), "patient_sex", "PatientSex is not M, F or O"),
        (element(SEX, "CS", b"f"), None, None),
        (element(ACCESSION, "SH", b"A" * 17), "accession_number", "longer than 16"),
        (element(ACCESSION, "SH", b"A\\B"), "accession_number", "several values"),
        (element(ACCESSION, "SH", b"A\nB"), "accession_number", "control characters"),
        (element(NAME, "PN", b"A=B=C=D"), "patient_name", "three component groups"),
        (element(NAME, "PN", b"N" * 65), "patient_name", "longer than 64"),
        (element(0x00101030, "DS", b"heavy"), None, "PatientWeight is not a number"),
        (element(0x001021C0, "US", b"abc"), None, "PregnancyStatus holds several values"),
        (element(STEPS, "LO", b"not a sequence"), "modality", "could not be read"),
        (element(0x00321064, "OB", b"\0" * 20), None, "could not be read"),
    ],
)
def test_absurd_values_are_left_out_and_said(bad: bytes, name, sentence) -> None:
    ds = received(*sorted((element(ID, "LO", b"P1"), bad), key=lambda e: (e[1], e[0], e[3], e[2])))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        entry = WorklistItem.from_dataset(ds)
    assert entry.patient_id == "P1"
    if name is not None:
        assert getattr(entry, name) == ""
    if sentence is None:
        assert entry.patient_sex == "F"
    else:
        assert any(sentence in text for text in entry.warnings), entry.warnings
    assert WorklistItem.decode(entry.encode()) == entry


def test_padding_nulls_and_group_lengths_are_removed() -> None:
    ds = received(
        element(0x00100000, "UL", (4).to_bytes(4, "little")),
        element(NAME, "PN", b"Doe^Jane \0"),
        element(ID, "LO", b" P1\0\0"),
    )
    entry = WorklistItem.from_dataset(ds)
    assert (entry.patient_name, entry.patient_id) == ("Doe^Jane", "P1")
    assert 0x00100000 not in entry.dataset


def test_what_is_missing_is_said() -> None:
    entry = WorklistItem.from_dataset(received(element(ID, "LO", b"P1")))
    text = " ".join(entry.warnings)
    assert "No Study Instance UID" in text
    assert "No Patient's Name" in text
    assert "No Scheduled Procedure Step" in text
    assert (entry.start_date, entry.modality, entry.start_time) == ("", "", "")


def test_only_an_answer_that_names_nobody_is_refused() -> None:
    with pytest.raises(InvalidIdentity, match="names no patient"):
        WorklistItem.from_dataset(received(element(ACCESSION, "SH", b"A1")))
    with pytest.raises(InvalidIdentity):
        WorklistItem.from_dataset(received(element(ID, "LO", b"P" * 65)))
    assert WorklistItem.from_dataset(received(element(NAME, "PN", b"Doe"))).patient_name == "Doe"


def test_warnings_never_carry_values() -> None:
    ds = received(element(NAME, "PN", b"Doe"), element(ID, "LO", b"SECRET\x01"))
    entry = WorklistItem.from_dataset(ds)
    assert entry.warnings
    assert not any("SECRET" in text or "Doe" in text for text in entry.warnings)


def test_private_values_are_kept_as_bytes_and_unknown_vrs_are_left_out() -> None:
    ds = received(
        element(NAME, "PN", b"Doe"),
        element(0x01010010, "UN", b"SOMEBODY"),
        element(0x01011001, "UN", b"\x01\x02"),
        element(0x01011002, "ZZ", b"\x01\x02"),
    )
    entry = WorklistItem.from_dataset(ds)
    assert entry.dataset[0x01010010].value == "SOMEBODY"
    assert entry.dataset[0x01011001].value == b"\x01\x02"
    assert 0x01011002 not in entry.dataset
    assert any("(0101,1002) could not be read" in text for text in entry.warnings)
    assert WorklistItem.decode(entry.encode()) == entry


def test_excess_is_bounded() -> None:
    nested = element(ID, "LO", b"x")
    for _ in range(MAX_DEPTH + 3):
        nested = element(0x00081115, "SQ", item(nested))
    many = [element(0x00110010 + n, "LO", b"x") for n in range(MAX_ELEMENTS + 5)]
    huge = element(0x00420011, "OB", b"\0" * 70_000)
    ds = received(nested, element(NAME, "PN", b"Doe"), huge)
    cleaned = clean(ds)
    assert any("nested too deeply" in text for text in cleaned.warnings)
    assert any("too large" in text for text in cleaned.warnings)
    cleaned = clean(received(*many))
    assert len(cleaned.dataset) == MAX_ELEMENTS
    assert any(str(MAX_ELEMENTS) in text for text in cleaned.warnings)


# Where the library's own parser refuses the bytes, no answer reaches us.
@given(st.binary(max_size=300))
def test_no_answer_at_all_can_crash_or_poison_the_box(noise: bytes) -> None:
    head = element(NAME, "PN", b"Doe^Jane")
    try:
        ds = received(head + noise)
    except (ValueError, OSError, EOFError, KeyError, struct.error):
        return
    check_harmless(ds)


VALUES = st.binary(max_size=80)
TAGS = st.sampled_from(
    [NAME, ID, BIRTH, SEX, STUDY, ACCESSION, STEPS, STEP_ID, STEP_DATE, MODALITY, DESCRIPTION,
     0x00101030, 0x001021C0, 0x00321064, 0x00081110, 0x00080090, 0x00104000, 0x00091001]
)  # fmt: skip
VRS = st.sampled_from(["PN", "LO", "SH", "DA", "CS", "UI", "DS", "US", "SQ", "LT", "UN", "OB"])
DECLARED = st.sampled_from(
    [b"", b"ISO_IR 100", b"ISO_IR 192", b"\\ISO 2022 IR 87", b"GB18030", b"junk", b"\xff\\\\x"]
)


@given(DECLARED, st.dictionaries(TAGS, st.tuples(VRS, VALUES), max_size=6))
def test_wrong_vrs_and_values_are_harmless(declared: bytes, fields) -> None:
    parts = {CHARSET: element(CHARSET, "CS", declared), NAME: element(NAME, "PN", b"Doe^Jane")}
    parts |= {tag: element(tag, vr, value) for tag, (vr, value) in fields.items()}
    check_harmless(received(*(parts[tag] for tag in sorted(parts))))


def check_harmless(ds: Dataset) -> None:
    try:
        entry = WorklistItem.from_dataset(ds)
    except InvalidIdentity:
        return
    again = WorklistItem.decode(entry.encode())
    assert again == entry
    assert again.key == entry.key
    assert again.warnings == entry.warnings
    for name in ("patient_name", "patient_id", "study_instance_uid", "start_date", "modality"):
        assert getattr(again, name) == getattr(entry, name)
    entry.problems(date(2026, 1, 2))


def test_the_key_is_stable_over_refreshes_and_distinguishes_steps() -> None:
    first = WorklistItem.from_dataset(good_answer())
    changed = good_answer()
    changed.PatientComments = "edited"
    changed.ScheduledProcedureStepSequence[0].ScheduledProcedureStepStatus = "STARTED"
    other = good_answer()
    other.ScheduledProcedureStepSequence[0].ScheduledProcedureStepID = "S2"
    assert WorklistItem.from_dataset(changed).key == first.key
    assert WorklistItem.from_dataset(other).key != first.key
    assert len(first.key) == 16
    assert int(first.key, 16) >= 0
    assert first != WorklistItem.from_dataset(changed)


@pytest.mark.parametrize("study", ["", "1.2.3"])
def test_a_key_never_stands_for_two_patients(study: str) -> None:
    keys = set()
    for patient in ("PID-1", "PID-2"):
        ds = good_answer()
        ds.PatientID, ds.StudyInstanceUID, ds.AccessionNumber = patient, study, ""
        ds.ScheduledProcedureStepSequence[0].ScheduledProcedureStepID = "1"
        keys.add(WorklistItem.from_dataset(ds).key)
    assert len(keys) == 2


def test_entries_without_any_identifiers_still_have_different_keys() -> None:
    keys = {WorklistItem.from_dataset(received(element(ID, "LO", p))).key for p in (b"P1", b"P2")}
    assert len(keys) == 2


@pytest.mark.parametrize(
    ("born", "problem"),
    [("20260103", "future"), ("18500101", "130 years"), ("20260102", None), ("19400101", None)],
)
def test_impossible_birth_dates_are_a_problem(born: str, problem: str | None) -> None:
    ds = good_answer()
    ds.PatientBirthDate = born
    found = WorklistItem.from_dataset(ds).problems(date(2026, 1, 2))
    assert [problem in text for text in found] == ([True] if problem else [])


def test_damaged_catalog_bytes_are_refused() -> None:
    data = WorklistItem.from_dataset(good_answer()).encode()
    for damaged in (b"", data[:3], data[:4] + b"\x40" + data[5:], data[:-4] + b"\xff" * 8):
        with pytest.raises(InvalidIdentity, match="Refresh the worklist"):
            WorklistItem.decode(damaged)


def typed(**changes: object) -> WorklistItem:
    values: dict[str, object] = {
        "patient_id": "P1",
        "patient_name": "Müller^Jörg=山田",
        "birth_date": "19700201",
        "sex": "f",
        "study_instance_uid": "2.25.1",
        "modality": "ct",
    }
    return WorklistItem.unscheduled(**(values | changes))


def test_a_typed_entry_is_an_item_without_an_order() -> None:
    entry = typed()
    assert not entry.scheduled
    assert not WorklistItem.decode(entry.encode()).scheduled
    assert entry.patient_name == "Müller^Jörg=山田"
    assert (entry.patient_sex, entry.patient_birth_date) == ("F", "19700201")
    assert (entry.study_instance_uid, entry.modality) == ("2.25.1", "CT")
    assert entry.character_set == ("ISO_IR 192",)
    assert (entry.accession_number, entry.scheduled_procedure_step_id) == ("", "")


def test_what_is_unknown_may_stay_empty() -> None:
    entry = typed(birth_date="", sex="", patient_id="")
    assert (entry.patient_birth_date, entry.patient_sex, entry.patient_id) == ("", "", "")
    assert typed(birth_date="1970-02-01").patient_birth_date == "19700201"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"patient_id": "", "patient_name": " "}, "both empty"),
        ({"patient_id": "1" * 65}, "PatientID is longer than 64"),
        ({"patient_id": "1\\2"}, "PatientID holds a backslash"),
        ({"patient_name": "A\nB"}, "PatientName holds control"),
        ({"patient_name": "a=b=c=d"}, "PatientName has more than three"),
        (
            {"patient_name": "山田", "character_set": ("ISO_IR 100",)},
            "PatientName cannot be written",
        ),
        ({"birth_date": "31.12.1970"}, "PatientBirthDate is not a date"),
        ({"birth_date": "19700231"}, "PatientBirthDate is not a date"),
        ({"sex": "X"}, "PatientSex must be"),
        ({"study_instance_uid": ""}, "StudyInstanceUID is empty"),
        ({"study_instance_uid": "1.02"}, "StudyInstanceUID is not a valid"),
        ({"modality": "C-T"}, "Modality is not a code"),
        ({"character_set": ("KLINGON",)}, "KLINGON is not supported"),
    ],
)
def test_a_wrong_entry_is_refused_with_its_fault(changes: dict[str, object], sentence: str) -> None:
    with pytest.raises(InvalidIdentity, match="The entry was not accepted") as refusal:
        typed(**changes)
    assert sentence in str(refusal.value)


def test_all_faults_are_named_at_once() -> None:
    with pytest.raises(InvalidIdentity) as refusal:
        typed(birth_date="x", sex="x", patient_id="1\\2")
    text = str(refusal.value)
    assert all(name in text for name in ("PatientBirthDate", "PatientSex", "PatientID"))
