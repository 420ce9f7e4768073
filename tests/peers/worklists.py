"""Worklist files in nine character sets, as wlmscpfs and Orthanc's plugin read them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

WORKLIST_FILE_CLASS = "1.2.276.0.7230010.3.1.0.1"


@dataclass(frozen=True)
class Entry:
    """One scheduled procedure step; ``declared`` as Specific Character Set."""

    label: str
    declared: tuple[str, ...]
    name: str
    description: str

    @property
    def patient_id(self) -> str:
        return f"PID-{self.label}"


ENTRIES = (
    Entry("latin1", ("ISO_IR 100",), "Müller^Jörg", "Straße prüfen"),
    Entry("cyrillic", ("ISO_IR 144",), "Люксембург^Роза", "Исследование"),
    Entry("utf8", ("ISO_IR 192",), "Wang^XiaoDong=王^小东=", "Žluťoučký kůň"),
    Entry("gb18030", ("GB18030",), "Wang^XiaoDong=王^小东=", "胸部检查"),
    Entry("gbk", ("GBK",), "Wang^XiaoDong=王^小东=", "胸部检查"),
    Entry("kanji", ("", "ISO 2022 IR 87"), "Yamada^Tarou=山田^太郎=やまだ^たろう", "胸部撮影"),
    Entry(
        "kanji6",
        ("ISO 2022 IR 6", "ISO 2022 IR 87"),
        "Yamada^Tarou=山田^太郎=やまだ^たろう",
        "胸部撮影",
    ),
    Entry(
        "kana",
        ("ISO 2022 IR 13", "ISO 2022 IR 87"),
        "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう",
        "胸部撮影",
    ),
    Entry("korean", ("", "ISO 2022 IR 149"), "Hong^Gildong=洪^吉洞=홍^길동", "흉부"),
)


def entry_data_set(entry: Entry, number: int) -> Dataset:
    ds = Dataset()
    ds.SpecificCharacterSet = list(entry.declared)
    ds.AccessionNumber = f"ACC{number:04d}"
    ds.ReferringPhysicianName = "Ref^Doc"
    ds.ReferencedStudySequence = []
    ds.ReferencedPatientSequence = []
    ds.PatientName = entry.name
    ds.PatientID = entry.patient_id
    ds.PatientBirthDate = "19700101"
    ds.PatientSex = "F"
    ds.PatientWeight = "61.5"
    ds.StudyInstanceUID = f"1.2.826.0.1.3680043.10.999.7.{number}"
    ds.RequestingPhysician = "Req^Doc"
    ds.RequestedProcedureDescription = entry.description
    ds.RequestedProcedureID = f"RP{number:04d}"
    ds.RequestedProcedurePriority = "MEDIUM"
    step = Dataset()
    step.ScheduledStationAETitle = "BOX"
    step.ScheduledProcedureStepStartDate = "20260102"
    step.ScheduledProcedureStepStartTime = "083000"
    step.Modality = "CT"
    step.ScheduledPerformingPhysicianName = "Perf^Doc"
    step.ScheduledProcedureStepDescription = entry.description
    step.ScheduledProcedureStepID = f"SPS{number:04d}"
    step.ScheduledProcedureStepStatus = "SCHEDULED"
    ds.ScheduledProcedureStepSequence = [step]
    return ds


def write_worklist_files(folder: Path) -> None:
    """Fill a folder with one file per entry, and the lock file that wlmscpfs wants."""
    folder.mkdir()
    (folder / "lockfile").touch()
    for number, entry in enumerate(ENTRIES, 1):
        ds = entry_data_set(entry, number)
        ds.file_meta = FileMetaDataset()
        ds.file_meta.MediaStorageSOPClassUID = WORKLIST_FILE_CLASS
        ds.file_meta.MediaStorageSOPInstanceUID = f"1.2.826.0.1.3680043.10.999.8.{number}"
        ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        ds.save_as(folder / f"{entry.label}.wl", enforce_file_format=True)
