import pytest
from pydicom.sr._cid_dict import cid_concepts
from pydicom.sr._concepts_dict import concepts

from device.errors import UnknownReason
from device.reasons import DISCONTINUATION_REASONS, discontinuation_reason


def test_the_codes_are_exactly_those_of_cid_9300_in_the_dcm_scheme() -> None:
    published = {
        value: meaning
        for keyword in cid_concepts[9300]["DCM"]
        for value, (meaning, _) in concepts["DCM"][keyword].items()
    }
    ours = {code.value: code.meaning for code in DISCONTINUATION_REASONS.values()}
    assert ours == published


def test_a_code_becomes_an_item_with_three_attributes() -> None:
    item = discontinuation_reason("110514").to_item()
    assert [element.keyword for element in item] == [
        "CodeValue",
        "CodingSchemeDesignator",
        "CodeMeaning",
    ]
    assert (item.CodeValue, item.CodingSchemeDesignator) == ("110514", "DCM")
    assert item.CodeMeaning == "Incorrect worklist entry selected"


@pytest.mark.parametrize("text", ["110501", " 110501 ", "Equipment failure", "EQUIPMENT FAILURE"])
def test_a_reason_is_found_by_value_or_meaning(text: str) -> None:
    assert discontinuation_reason(text).value == "110501"


@pytest.mark.parametrize("text", ["", "110541", "broken", "1105"])
def test_an_unknown_reason_is_refused_with_what_is_allowed(text: str) -> None:
    with pytest.raises(UnknownReason) as refusal:
        discontinuation_reason(text)
    assert all(value in str(refusal.value) for value in DISCONTINUATION_REASONS)
