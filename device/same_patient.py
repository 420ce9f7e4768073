"""Whether what a machine says of its patient can be the patient of the exam.

Old machines cut names short, write them their own way and leave most of the rest out. So a number
or date that differs is another patient, and a name is one only where not one word is the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from device.exam import Exam

DECISIVE: Final = ("PatientID", "AccessionNumber", "PatientBirthDate")

Said = Mapping[str, str]


def identity_of(exam: Exam) -> dict[str, str]:
    """The exam's patient by DICOM keyword; what is not known is empty."""
    return {
        keyword: str(exam.item.dataset.get(keyword) or "")
        for keyword in (*DECISIVE, "PatientName", "PatientSex")
    }


def differing(ours: Said, said: Said) -> tuple[str, ...]:
    """Keywords by which this is another patient; empty where it may be the same.

    Parameters
    ----------
    ours, said : mapping
        By DICOM keyword. What one of them lacks is not compared.
    """
    found = [
        keyword
        for keyword in DECISIVE
        if _folded(ours.get(keyword, "")) and _folded(said.get(keyword, ""))
        if _folded(ours.get(keyword, "")) != _folded(said.get(keyword, ""))
    ]
    our_words, their_words = (_words(one.get("PatientName", "")) for one in (ours, said))
    if our_words and their_words and not our_words & their_words:
        found.append("PatientName")
    return tuple(found)


def may_be_of(exam: Exam) -> Callable[[Said], bool]:
    """A question to ask of whatever names a patient: can it be the one of this exam?"""
    ours = identity_of(exam)
    return lambda said: not differing(ours, said)


def _folded(text: str) -> str:
    return " ".join(text.split()).casefold()


def _words(name: str) -> set[str]:
    return {word for word in re.findall(r"\w+", name.casefold()) if len(word) > 1}
