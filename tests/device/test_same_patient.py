"""Other numbers are another patient; names may be cut and written anyhow."""

from __future__ import annotations

import pytest

from device.same_patient import differing, identity_of, may_be_of
from tests.device.iod.factories import answer, exam

OURS = identity_of(exam())


def test_the_exam_gives_its_patient() -> None:
    assert OURS == {
        "PatientID": "PID-1",
        "AccessionNumber": "ACC0001",
        "PatientBirthDate": "19700305",
        "PatientName": "Doe^Jane",
        "PatientSex": "F",
    }


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({}, ()),
        ({"PatientID": " pid-1 "}, ()),
        ({"PatientID": ""}, ()),
        ({"PatientID": "PID-2"}, ("PatientID",)),
        ({"PatientID": "PID-1", "PatientBirthDate": "19700306"}, ("PatientBirthDate",)),
        ({"AccessionNumber": "ACC0002"}, ("AccessionNumber",)),
        ({"PatientName": "DOE, J."}, ()),
        ({"PatientName": "JANE DOE-MILLER"}, ()),
        ({"PatientName": "SMITH^JOHN"}, ("PatientName",)),
        ({"PatientName": "?"}, ()),
        ({"PatientID": "PID-2", "PatientName": "SMITH"}, ("PatientID", "PatientName")),
        ({"PatientSex": "M"}, ()),
    ],
)
def test_what_makes_another_patient(said: dict[str, str], expected: tuple[str, ...]) -> None:
    assert differing(OURS, said) == expected
    assert may_be_of(exam())(said) == (not expected)


def test_a_name_in_several_scripts_is_compared_by_any_of_them() -> None:
    ours = identity_of(exam(answer(name="Yamada^Tarou=山田^太郎=やまだ^たろう")))

    assert differing(ours, {"PatientName": "YAMADA T"}) == ()
    assert differing(ours, {"PatientName": "山田 太郎"}) == ()
    assert differing(ours, {"PatientName": "SATO"}) == ("PatientName",)


def test_an_exam_that_knows_nobody_takes_everybody() -> None:
    nobody = dict.fromkeys(OURS, "")

    assert differing(nobody, {"PatientID": "4711", "PatientName": "SMITH"}) == ()
