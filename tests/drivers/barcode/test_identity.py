"""Whose code it is: wristbands, request forms, and what must not be taken for one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.barcode.errors import CodeRefused, MaskError
from drivers.barcode.identity import GS1_RULES, Identifier, Reader, Rule
from drivers.barcode.symbology import GROUP_SEPARATOR as GS
from drivers.barcode.symbology import check_character_39, read_symbol

GSRN = "735005385000000011"
PATIENT = Rule(Identifier.PATIENT_ID, "P^~...")
ORDER = Rule(Identifier.ACCESSION_NUMBER, "A^~^~^~^~^~", symbology="C")
BORN = Rule(Identifier.BIRTH_DATE, "[2%1%]^~^~^~^~^~^~^~^~")
FIRST = Rule(Identifier.PATIENT_ID, "[1%1%]$...")


@pytest.mark.parametrize("prefix", ["]d2", "]C1", "]Q3"])
def test_a_wristband_gives_two_identifiers(prefix: str) -> None:
    scan = Reader().read(f"{prefix}8018{GSRN}{GS}725019591224")
    assert (scan.patient_id, scan.birth_date, scan.accession_number) == (GSRN, "19591224", "")


def test_without_a_prefix_the_site_says_that_codes_are_gs1() -> None:
    assert Reader(gs1=True).read(f"8018{GSRN}").patient_id == GSRN
    with pytest.raises(CodeRefused, match="no rule"):
        Reader().read(f"8018{GSRN}")


def test_a_prefix_counts_more_than_what_the_site_says() -> None:
    reader = Reader([*GS1_RULES, PATIENT], gs1=True)
    assert reader.read("]C0P4711").patient_id == "4711"


def test_a_number_inside_the_gsrn_is_cut_out_by_a_mask() -> None:
    reader = Reader([Rule(Identifier.PATIENT_ID, "*******$$$$$$$$$$*", element="8018")])
    assert reader.read(f"]d28018{GSRN}").patient_id == GSRN[7:17]


def test_the_staffs_number_is_no_patient() -> None:
    with pytest.raises(CodeRefused, match="no rule"):
        Reader().read(f"]d28017{GSRN}")


def test_rules_tell_patients_from_orders_by_mask_and_symbology() -> None:
    reader = Reader([PATIENT, ORDER])
    assert reader.read("]A0P4711").identifiers == {Identifier.PATIENT_ID: "4711"}
    assert reader.read("]C0A12345").identifiers == {Identifier.ACCESSION_NUMBER: "12345"}
    with pytest.raises(CodeRefused, match="no rule"):
        reader.read("]A0A12345")
    with pytest.raises(CodeRefused, match="no rule"):
        reader.read("MEAL-7")


def test_two_rules_may_read_two_identifiers_from_one_code() -> None:
    scan = Reader([FIRST, BORN]).read("N%4711%19591224%F")
    assert (scan.patient_id, scan.birth_date) == ("4711", "19591224")


def test_rules_that_contradict_each_other_are_told() -> None:
    reader = Reader([PATIENT, Rule(Identifier.PATIENT_ID)])
    with pytest.raises(CodeRefused, match="two rules"):
        reader.read("P4711")


@pytest.mark.parametrize("code", ["N%4711%19591324%", "N%4711%59122400%"])
def test_a_birth_date_that_is_no_date_is_none(code: str) -> None:
    assert Reader([FIRST, BORN]).read(code).birth_date == ""


@pytest.mark.parametrize("code", ["X" * 65, "A\\B", "   "])
def test_what_cannot_stand_in_dicom_is_no_identifier(code: str) -> None:
    with pytest.raises(CodeRefused):
        Reader([Rule(Identifier.PATIENT_ID)]).read(code)


def test_padding_is_taken_off() -> None:
    assert Reader([Rule(Identifier.PATIENT_ID)]).read("]A04711  ").patient_id == "4711"


def test_every_wrong_mask_is_named_at_once() -> None:
    with pytest.raises(MaskError, match=r"P~.*\^"):
        Reader([Rule(Identifier.PATIENT_ID, "P~"), Rule(Identifier.PATIENT_ID, "$^")])


def test_code_39_is_checked_as_far_as_the_scanner_says() -> None:
    assert check_character_39("CODE39") == "W"
    assert read_symbol("]A1CODE39W").text == "CODE39"
    assert read_symbol("]A0CODE39W").text == "CODE39W"
    assert read_symbol("]A4code").text == "code"
    with pytest.raises(CodeRefused, match="check character"):
        read_symbol("]A1CODE39X")
    with pytest.raises(CodeRefused, match="Code 39"):
        read_symbol("]A0code")


@pytest.mark.parametrize("text", ["", "]C0", "A\x07B", "A\nB"])
def test_what_is_no_text_is_refused(text: str) -> None:
    with pytest.raises(CodeRefused):
        read_symbol(text)


def test_a_scan_shows_no_value_by_accident() -> None:
    assert "4711" not in repr(Reader([PATIENT]).read("P4711"))


@given(st.text(max_size=60))
def test_anything_scanned_is_understood_or_refused(scanned: str) -> None:
    reader = Reader([*GS1_RULES, PATIENT, ORDER, FIRST], gs1=True)
    try:
        scan = reader.read(scanned)
    except CodeRefused:
        return
    assert all(scan.identifiers.values())
    assert scan.identifiers
