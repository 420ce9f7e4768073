import uuid

from hypothesis import given
from hypothesis import strategies as st
from pydicom.uid import UID

from device import uids


@given(st.uuids())
def test_every_uuid_makes_a_valid_uid(value: uuid.UUID) -> None:
    uid = UID(uids.uid_from_uuid(value))
    assert uid.is_valid
    assert len(uid) <= 64
    assert int(uid.split(".")[2]) == value.int


def test_smallest_uuid_has_no_leading_zero() -> None:
    assert uids.uid_from_uuid(uuid.UUID(int=0)) == "2.25.0"


def test_random_uids_differ() -> None:
    made = {uids.random_uid() for _ in range(10_000)}
    assert len(made) == 10_000
    assert all(UID(uid).is_valid for uid in made)


def test_implementation_identity_fits_its_fields() -> None:
    number = int(uids.IMPLEMENTATION_CLASS_UID.removeprefix("2.25."))
    assert uuid.UUID(int=number).variant == uuid.RFC_4122
    assert UID(uids.IMPLEMENTATION_CLASS_UID).is_valid
    assert uids.IMPLEMENTATION_VERSION_NAME == "GANTRY_0_1"
    assert len(uids.IMPLEMENTATION_VERSION_NAME) <= 16
