"""Scans against the open exam: two identifiers, never a wrong one."""

from __future__ import annotations

from pathlib import Path

import pytest

from drivers.barcode.identity import Identifier, Scan
from services.scanned_identity import IdentityCheck, Verdict
from tests.services.boxes import begin, make_box

PATIENT = Scan({Identifier.PATIENT_ID: "PID-1"})
ORDER = Scan({Identifier.ACCESSION_NUMBER: "ACC0001"})
BORN = Scan({Identifier.BIRTH_DATE: "19700305"})
WRISTBAND = Scan({Identifier.PATIENT_ID: "PID-1", Identifier.BIRTH_DATE: "19700305"})
STRANGER = Scan({Identifier.PATIENT_ID: "PID-2"})


@pytest.fixture
def check(tmp_path: Path) -> IdentityCheck:
    return IdentityCheck(begin(make_box(tmp_path)))


def test_a_wristband_with_two_identifiers_verifies(check: IdentityCheck) -> None:
    assert check.scan(WRISTBAND) is Verdict.VERIFIED
    assert check.verified


def test_wristband_and_request_form_verify_together(check: IdentityCheck) -> None:
    assert check.scan(PATIENT) is Verdict.ONE_MORE
    assert check.scan(PATIENT) is Verdict.ONE_MORE
    assert check.scan(ORDER) is Verdict.VERIFIED


@pytest.mark.parametrize(
    "wrong",
    [
        STRANGER,
        Scan({Identifier.ACCESSION_NUMBER: "ACC0002"}),
        Scan({Identifier.PATIENT_ID: "PID-1", Identifier.BIRTH_DATE: "19700306"}),
        Scan({Identifier.PATIENT_ID: "pid-1"}),
    ],
)
def test_anything_wrong_is_a_mismatch_and_spoils_what_agreed(
    check: IdentityCheck, wrong: Scan
) -> None:
    check.scan(WRISTBAND)
    assert check.scan(wrong) is Verdict.MISMATCH
    assert not check.verified
    assert check.scan(ORDER) is Verdict.ONE_MORE
    assert check.scan(BORN) is Verdict.VERIFIED


def test_what_the_exam_does_not_have_agrees_with_nothing(tmp_path: Path) -> None:
    check = IdentityCheck(begin(make_box(tmp_path), PatientBirthDate="", AccessionNumber=""))
    assert check.scan(BORN) is Verdict.NOTHING_TO_COMPARE
    assert check.scan(ORDER) is Verdict.NOTHING_TO_COMPARE
    assert check.scan(WRISTBAND) is Verdict.ONE_MORE
