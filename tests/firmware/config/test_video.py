"""Protocols that ask for video objects."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.firmware.config.documents import faults_of, load_text, replaced

SCOPE = 'object = "SC"\nvideo = true\nmodality = "ES"\nbody_part = "COLON"'
FILM = 'object = "SC"\nmulti_frame = true'


def test_a_protocol_for_endoscopy_asks_for_video(tmp_path: Path) -> None:
    configuration = load_text(tmp_path, replaced(FILM, SCOPE))
    assert [warning for warning in configuration.warnings if "video" in warning] == []
    assert configuration.protocols[1].video
    assert not configuration.protocols[0].video


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"ES"', '"US"', "for modality ES or XC"),
        ('modality = "ES"\n', "", "for modality ES or XC"),
        ('"COLON"', '"FOO"', "anatomic region code"),
        ('\nbody_part = "COLON"', "", "anatomic region code"),
    ],
)
def test_it_is_said_beforehand_when_no_video_can_come_of_it(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    configuration = load_text(tmp_path, replaced(FILM, SCOPE.replace(old, new)))
    assert any(said in warning for warning in configuration.warnings)


def test_a_ct_image_is_no_video(tmp_path: Path) -> None:
    (fault,) = faults_of(tmp_path, replaced('object = "CT"', 'object = "CT"\nvideo = true'))
    assert "holds one picture" in str(fault)
