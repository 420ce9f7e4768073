import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import config
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filereader import read_dataset
from pydicom.filewriter import write_dataset

from device.charset import (
    UTF_8,
    CharacterSet,
    choose,
    decode_text,
    encodable,
    normalise,
    transcode,
)
from device.errors import CharacterSetError


@pytest.fixture(autouse=True, scope="module")
def _strict_writing():
    before = config.settings.writing_validation_mode
    config.settings.writing_validation_mode = config.RAISE
    yield
    config.settings.writing_validation_mode = before


def through_the_wire(ds: Dataset, *, implicit: bool) -> Dataset:
    buffer = DicomBytesIO()
    buffer.is_little_endian = True
    buffer.is_implicit_VR = implicit
    write_dataset(buffer, ds)
    buffer.seek(0)
    return read_dataset(buffer, implicit, True)


def from_bytes(tag: int, vr: str, value: bytes, character_set: str = "") -> Dataset:
    """A data set as a peer sends it, with bytes that pydicom would not write itself."""
    data = b""
    for each, kind, field in ((0x00080005, "CS", character_set.encode()), (tag, vr, value)):
        if not field:
            continue
        padded = field + b" " * (len(field) % 2)
        data += (each >> 16).to_bytes(2, "little") + (each & 0xFFFF).to_bytes(2, "little")
        data += kind.encode() + len(padded).to_bytes(2, "little") + padded
    return read_dataset(DicomBytesIO(data), False, True)


HELD = [
    ((), "plain ASCII"),
    (("ISO_IR 6",), "plain ASCII"),
    (("ISO_IR 100",), "Müller^Jörg"),
    (("ISO_IR 101",), "Žluťoučký^Kůň"),
    (("ISO_IR 109",), "Ħal^Għaxaq"),
    (("ISO_IR 110",), "Ģirts^Bērziņš"),
    (("ISO_IR 126",), "Διονυσιος"),
    (("ISO_IR 127",), "قباني^لنزار"),
    (("ISO_IR 138",), "שרון^דבורה"),
    (("ISO_IR 144",), "Люксембург"),
    (("ISO_IR 148",), "Çavuşoğlu"),
    (("ISO_IR 166",), "สมชาย"),
    (("ISO_IR 13",), "ﾔﾏﾀﾞ^ﾀﾛｳ"),
    (("ISO_IR 192",), "Wang^XiaoDong=王^小东=𠮷"),
    (("GB18030",), "Wang^XiaoDong=王^乗"),
    (("GBK",), "Wang^XiaoDong=王^小东"),
    (("", "ISO 2022 IR 87"), "Yamada^Shun=山田^俊修=やまだ^しゅん"),
    (("ISO 2022 IR 13", "ISO 2022 IR 87"), "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう"),
    (("", "ISO 2022 IR 149"), "Hong^Gildong=洪^吉洞=홍^길동"),
    (("", "ISO 2022 IR 87", "ISO 2022 IR 159"), "A=丂山^田丄"),
]


@pytest.mark.parametrize(("charset", "text"), HELD)
@pytest.mark.parametrize("implicit", [True, False])
def test_a_text_that_is_said_to_fit_survives_the_wire(
    charset: CharacterSet, text: str, implicit: bool
) -> None:
    assert encodable(text, charset, "PN")
    family = text.split("=")[-1].split("^")[0]
    ds = Dataset()
    ds.PatientName = text
    ds.RequestedProcedureDescription = family
    written = transcode(ds, charset)
    read = through_the_wire(written, implicit=implicit)
    again = transcode(read, UTF_8)
    assert str(again.PatientName) == text
    assert again.RequestedProcedureDescription == family


LOST = [
    ((), "Müller"),
    (("ISO_IR 6",), "Müller"),
    (("ISO_IR 100",), "山田"),
    (("ISO_IR 144",), "Müller"),
    (("ISO_IR 13",), "a~b"),
    (("ISO_IR 13",), "¥"),
    (("ISO_IR 13",), "山田"),
    (("ISO_IR 13",), "ﾔﾏ and Latin in one component, which pydicom cannot mix"),
    (("", "ISO 2022 IR 87"), "Müller"),
    (("", "ISO 2022 IR 87"), "山ü"),
    (("", "ISO 2022 IR 149"), "ม"),
    (("GBK",), "𠮷"),
    (("ISO_IR 192",), "\ud800"),
    (("ISO_IR 192",), "a\x1b$Bb"),
    (("KLINGON",), "a"),
]


@pytest.mark.parametrize(("charset", "text"), LOST)
def test_a_text_that_would_be_lost_is_not_said_to_fit(charset: CharacterSet, text: str) -> None:
    assert not encodable(text, charset, "LO")


def test_pydicom_cannot_write_simplified_chinese_extensions_so_they_are_not_chosen() -> None:
    text = "Wang=王^小东"
    assert not encodable(text, ("", "ISO 2022 IR 58"), "PN")
    assert choose([text], ("", "ISO 2022 IR 58")) == UTF_8


@pytest.mark.parametrize(
    ("raw", "charset", "vr", "text"),
    [
        # The examples of PS3.5 annexes H, I and K.
        (
            b"Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B=\x1b$B$d$^$@\x1b(B^\x1b$B$?$m$&\x1b(B",
            ("", "ISO 2022 IR 87"),
            "PN",
            "Yamada^Tarou=山田^太郎=やまだ^たろう",
        ),
        (
            b"Hong^Gildong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7=\x1b$)C\xc8\xab^\x1b$)C\xb1\xe6\xb5\xbf",
            ("", "ISO 2022 IR 149"),
            "PN",
            "Hong^Gildong=洪^吉洞=홍^길동",
        ),
        (
            b"Zhang^XiaoDong=\x1b$)A\xd5\xc5^\x1b$)A\xd0\xa1\xb6\xab=",
            ("", "ISO 2022 IR 58"),
            "PN",
            "Zhang^XiaoDong=张^小东=",
        ),
        (
            b"1st\r\n\x1b$)A\xb5\xda\xb6\xfe\r\n3rd",
            ("", "ISO 2022 IR 58"),
            "LT",
            "1st\r\n第二\r\n3rd",
        ),
        (
            b"\x1b-L\xbb\xee\xda^M\xfcller",
            ("ISO 2022 IR 100", "ISO 2022 IR 144"),
            "PN",
            "Люк^Müller",
        ),
    ],
)
def test_code_extensions_are_read_as_the_standard_says(
    raw: bytes, charset: CharacterSet, vr: str, text: str
) -> None:
    assert decode_text(raw, charset, vr) == text


@pytest.mark.parametrize(
    ("raw", "charset"),
    [(b"M\xfcller", ()), (b"M\xfcller", UTF_8), (b"\x1b!Zabc", ("ISO_IR 100",))],
)
def test_bytes_that_are_not_text_in_the_set_are_refused(raw: bytes, charset: CharacterSet) -> None:
    with pytest.raises(UnicodeDecodeError):
        decode_text(raw, charset, "LO")


@given(st.binary(max_size=60), st.sampled_from([charset for charset, _ in HELD]))
def test_lenient_decoding_never_fails(raw: bytes, charset: CharacterSet) -> None:
    assert isinstance(decode_text(raw, charset, "PN", "replace"), str)


@given(
    st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\\"), max_size=20),
    st.sampled_from([charset for charset, _ in HELD]),
)
def test_whatever_is_said_to_fit_really_does(text: str, charset: CharacterSet) -> None:
    text = text.strip(" ")
    if not encodable(text, charset, "LO"):
        return
    ds = Dataset()
    ds.RequestedProcedureDescription = text
    read = through_the_wire(transcode(ds, charset), implicit=False)
    assert (read.RequestedProcedureDescription or "") == text


@pytest.mark.parametrize(
    ("terms", "expected"),
    [
        ([], ((), ())),
        ([""], ((), ())),
        (["ISO_IR 6"], ((), ())),
        (["ISO-IR 100"], (("ISO_IR 100",), ())),
        (["iso_ir 192"], (("ISO_IR 192",), ())),
        (["UTF-8"], (("ISO_IR 192",), ())),
        (["ISO 2022 IR 100"], (("ISO_IR 100",), ())),
        (["ISO 2022 IR 87"], (("", "ISO 2022 IR 87"), ())),
        (["", "ISO 2022 IR 87"], (("", "ISO 2022 IR 87"), ())),
        (["ISO 2022 IR 6", "ISO 2022 IR 87"], (("", "ISO 2022 IR 87"), ())),
        (["ISO_IR 13", "ISO 2022 IR 87"], (("ISO 2022 IR 13", "ISO 2022 IR 87"), ())),
        (["ISO_IR 192", "ISO 2022 IR 87"], (("ISO_IR 192",), ())),
        (["ISO_IR 100", "ISO_IR 192"], (("ISO_IR 100",), ("ISO_IR 192",))),
        (["ISO_IR 999"], ((), ("ISO_IR 999",))),
    ],
)
def test_what_systems_send_is_brought_into_the_standards_form(
    terms: list[str], expected: tuple[CharacterSet, tuple[str, ...]]
) -> None:
    assert normalise(terms) == expected


@given(st.lists(st.text(max_size=20), max_size=5))
def test_any_declaration_can_be_normalised_and_the_result_is_stable(terms: list[str]) -> None:
    charset, _ = normalise(terms)
    assert normalise(charset) == (charset, ())


def test_the_first_set_that_holds_everything_is_chosen() -> None:
    japanese = ("", "ISO 2022 IR 87")
    assert choose(["Yamada=山田"], japanese, ("ISO_IR 100",)) == japanese
    assert choose(["Müller"], japanese, ("ISO_IR 100",)) == ("ISO_IR 100",)
    assert choose(["Müller", "山田"], japanese, ("ISO_IR 100",)) == UTF_8
    assert choose(["plain"], (), UTF_8) == ()
    assert choose(["plain"], ("KLINGON",), ("ISO_IR 144",)) == ("ISO_IR 144",)


def test_a_text_that_nothing_holds_is_refused() -> None:
    with pytest.raises(CharacterSetError, match="no DICOM character set"):
        choose(["\ud800"], UTF_8)


def test_transcoding_reaches_nested_and_still_raw_items() -> None:
    ds = Dataset()
    ds.SpecificCharacterSet = "ISO_IR 100"
    ds.PatientName = "Müller^Jörg"
    step = Dataset()
    step.ScheduledProcedureStepDescription = "Schädel prüfen"
    ds.ScheduledProcedureStepSequence = [step]
    raw = through_the_wire(ds, implicit=True)
    copied = transcode(raw, UTF_8)
    read = through_the_wire(copied, implicit=False)
    assert read.SpecificCharacterSet == "ISO_IR 192"
    assert str(read.PatientName) == "Müller^Jörg"
    item = read.ScheduledProcedureStepSequence[0]
    assert item.ScheduledProcedureStepDescription == "Schädel prüfen"
    assert raw.SpecificCharacterSet == "ISO_IR 100"


def test_an_items_own_character_set_is_resolved() -> None:
    ds = Dataset()
    ds.SpecificCharacterSet = "ISO_IR 100"
    item = Dataset()
    item.SpecificCharacterSet = "ISO_IR 144"
    item.CodeMeaning = "Люк"
    ds.RequestedProcedureCodeSequence = [item]
    copied = transcode(through_the_wire(ds, implicit=False), UTF_8)
    assert copied.RequestedProcedureCodeSequence[0].CodeMeaning == "Люк"
    assert "SpecificCharacterSet" not in copied.RequestedProcedureCodeSequence[0]


def test_multiple_values_and_binary_values_survive_transcoding() -> None:
    ds = Dataset()
    ds.OtherPatientIDs = ["Ä1", "B2"]
    ds.add(DataElement(0x00111001, "OB", b"\x00\xff"))
    copied = transcode(ds, ("ISO_IR 100",))
    assert list(copied.OtherPatientIDs) == ["Ä1", "B2"]
    assert copied[0x00111001].value == b"\x00\xff"


def test_loss_is_refused_and_names_the_attribute_but_not_the_value() -> None:
    ds = Dataset()
    ds.PatientName = "Yamada=山田"
    with pytest.raises(CharacterSetError) as refusal:
        transcode(ds, ("ISO_IR 100",))
    assert "PatientName" in str(refusal.value)
    assert "Yamada" not in str(refusal.value)


def test_text_without_a_declared_set_is_not_guessed() -> None:
    ds = from_bytes(0x00100010, "PN", b"M\xfcller")
    with pytest.raises(CharacterSetError, match="PatientName"):
        transcode(ds, UTF_8)


def test_an_unsupported_target_is_refused() -> None:
    with pytest.raises(CharacterSetError, match="KLINGON"):
        transcode(Dataset(), ("KLINGON",))
