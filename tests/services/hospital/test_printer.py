"""The film printer: sessions, boxes and pictures, from DCMTK and from a scripted SCU."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset
from pydicom.uid import ImplicitVRLittleEndian, generate_uid

from tests.services.hospital.scu import associated, dcmtk

GRAY_META = "1.2.840.10008.5.1.1.9"
COLOR_META = "1.2.840.10008.5.1.1.18"
SESSION = "1.2.840.10008.5.1.1.1"
FILM_BOX = "1.2.840.10008.5.1.1.2"
GRAY_BOX = "1.2.840.10008.5.1.1.4"
COLOR_BOX = "1.2.840.10008.5.1.1.4.1"
PRINTER = "1.2.840.10008.5.1.1.16"
PRINTER_INSTANCE = "1.2.840.10008.5.1.1.17"


class FilmClient:
    """The requests of one film, on one association."""

    def __init__(self, association, meta=GRAY_META):
        self.association, self.meta = association, meta
        self.session_uid, self.film_uid = generate_uid(), generate_uid()

    def session(self, **values):
        status, _ = self.association.send_n_create(
            dataset(**values) if values else None, SESSION, self.session_uid, meta_uid=self.meta
        )
        return status.Status

    def film_box(self, display_format, **values):
        reference = dataset(
            ReferencedSOPClassUID=SESSION, ReferencedSOPInstanceUID=self.session_uid
        )
        status, answer = self.association.send_n_create(
            dataset(
                ImageDisplayFormat=display_format,
                ReferencedFilmSessionSequence=[reference],
                **values,
            ),
            FILM_BOX,
            self.film_uid,
            meta_uid=self.meta,
        )
        if status.Status == 0x0000:
            self.boxes = list(answer.ReferencedImageBoxSequence)
        return status.Status

    def picture(self, place, **image):
        box = self.boxes[place]
        keyword = (
            "BasicColorImageSequence" if self.meta == COLOR_META else "BasicGrayscaleImageSequence"
        )
        status, _ = self.association.send_n_set(
            dataset(ImageBoxPosition=place + 1, **{keyword: [dataset(**image)]}),
            box.ReferencedSOPClassUID,
            box.ReferencedSOPInstanceUID,
            meta_uid=self.meta,
        )
        return status.Status

    def print(self, sop_class=FILM_BOX, uid=None):
        status, _ = self.association.send_n_action(
            None, 1, sop_class, uid or self.film_uid, meta_uid=self.meta
        )
        return status.Status


def dataset(**values) -> Dataset:
    made = Dataset()
    for keyword, value in values.items():
        setattr(made, keyword, value)
    return made


def grey(pixels: np.ndarray, bits: int) -> dict[str, object]:
    rows, columns = pixels.shape
    return {
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2",
        "Rows": rows,
        "Columns": columns,
        "BitsAllocated": pixels.itemsize * 8,
        "BitsStored": bits,
        "HighBit": bits - 1,
        "PixelRepresentation": 0,
        "PixelData": pixels.tobytes(),
    }


@pytest.mark.parametrize("syntax", [None, ImplicitVRLittleEndian])
def test_pictures_of_8_and_12_bits_arrive_as_they_were_sent(hospital, syntax):
    eight = np.arange(64, dtype=np.uint8).reshape(8, 8)
    twelve = (np.arange(96, dtype=np.uint16) * 40).reshape(8, 12)
    with associated(hospital.printer, GRAY_META, syntax=syntax) as association:
        film = FilmClient(association)
        assert film.session(NumberOfCopies=2) == 0x0000
        assert film.film_box("STANDARD\\2,1", FilmSizeID="14INX17IN") == 0x0000
        assert [box.ReferencedSOPClassUID for box in film.boxes] == [GRAY_BOX] * 2
        assert film.picture(0, **grey(eight, 8)) == 0x0000
        assert film.picture(1, **grey(twelve, 12)) == 0x0000
        assert film.print() == 0x0000
    (sheet,) = hospital.store.films()
    assert (sheet.copies, sheet.film_size_id, sheet.calling_ae) == (2, "14INX17IN", "BOX")
    first, second = (np.asarray(Image.open(path)) for path in sheet.paths)
    assert np.array_equal(first, eight)
    assert np.array_equal(second, twelve)


def test_colour_planes_become_a_colour_picture(hospital):
    rgb = np.arange(4 * 5 * 3, dtype=np.uint8).reshape(4, 5, 3)
    image = grey(rgb[:, :, 0], 8)
    image |= {
        "SamplesPerPixel": 3,
        "PhotometricInterpretation": "RGB",
        "PlanarConfiguration": 1,
        "PixelData": rgb.transpose(2, 0, 1).tobytes(),
    }
    with associated(hospital.printer, COLOR_META) as association:
        film = FilmClient(association, COLOR_META)
        film.session()
        film.film_box("STANDARD\\1,1")
        assert film.boxes[0].ReferencedSOPClassUID == COLOR_BOX
        assert film.picture(0, **image) == 0x0000
        assert film.print(SESSION, film.session_uid) == 0x0000
    (sheet,) = hospital.store.films()
    assert np.array_equal(np.asarray(Image.open(sheet.paths[0])), rgb)


def test_an_inverted_picture_is_stored_as_it_looks(hospital):
    pixels = np.array([[0, 255]], dtype=np.uint8)
    image = grey(pixels, 8) | {"PhotometricInterpretation": "MONOCHROME1"}
    with associated(hospital.printer, GRAY_META) as association:
        film = FilmClient(association)
        film.session()
        film.film_box("STANDARD\\1,1")
        film.picture(0, **image)
        film.print()
    (sheet,) = hospital.store.films()
    assert np.asarray(Image.open(sheet.paths[0])).tolist() == [[255, 0]]


def test_an_empty_page_is_a_warning_and_no_film(hospital):
    with associated(hospital.printer, GRAY_META) as association:
        film = FilmClient(association)
        film.session()
        film.film_box("STANDARD\\1,1")
        assert film.print() == 0xB603
    assert hospital.store.films() == []


def test_requests_that_make_no_sense_are_refused(hospital):
    with associated(hospital.printer, GRAY_META) as association:
        film = FilmClient(association)
        film.session_uid = "1.2.3"
        assert film.film_box("STANDARD\\1,1") == 0x0112
        film.session()
        assert film.film_box("SLIDE") == 0x0106
        assert film.film_box("STANDARD\\99,99") == 0x0106
        assert film.print(SESSION, film.session_uid) == 0xC600
        film.film_box("STANDARD\\1,1")
        assert film.picture(0, Rows=4, Columns=4, SamplesPerPixel=1) == 0x0106
        short = grey(np.zeros((2, 2), np.uint8), 8) | {"Rows": 200}
        assert film.picture(0, **short) == 0x0106
        assert film.print(FILM_BOX, "1.2.4") == 0x0112


def test_a_film_ends_with_its_association(hospital):
    with associated(hospital.printer, GRAY_META) as association:
        FilmClient(association).session()
    with associated(hospital.printer, GRAY_META) as association:
        film = FilmClient(association)
        assert film.session() == 0x0000
        assert film.session() == 0x0110


def test_the_printer_tells_how_it_is(hospital):
    with associated(hospital.printer, GRAY_META, PRINTER) as association:
        status, everything = association.send_n_get([], PRINTER, PRINTER_INSTANCE)
        assert status.Status == 0x0000
        assert everything.PrinterStatus == "NORMAL"
        status, some = association.send_n_get([0x21100010, 0x00100010], PRINTER, PRINTER_INSTANCE)
    assert status.Status == 0x0107
    assert [element.keyword for element in some] == ["PrinterStatus"]


CONFIGURATION = """
[[GENERAL]]
[APPLICATION]
LogDirectory={folder}
LogFile=general.log
LogLevel=INFO
[PRINT]
Directory={folder}
DeletePrintJobs=false
DetailedLog=true
[DATABASE]
Directory={folder}
[LUT]
Directory={folder}
[NETWORK]
aetitle=DCMPSTATE
[[COMMUNICATION]]
[FILM]
Aetitle=FILM
Hostname=localhost
Port={port}
Description=simulated
Type=PRINTER
DisableNewVRs=true
MaxPDU=16384
DisplayFormat=1,1\\1,2\\2,2
FilmSizeID=8INX10IN\\14INX17IN
MediumType=BLUE FILM
Supports12Bit=true
SupportsPresentationLUT=false
[[VOI]]
"""


@pytest.mark.peer
def test_dcmprscu_prints_two_images(hospital, tmp_path: Path):
    folder = tmp_path / "dcmtk"
    folder.mkdir()
    configuration = folder / "print.cfg"
    configuration.write_text(CONFIGURATION.format(folder=folder, port=hospital.printer.port))
    made = dcmtk(
        "dcmpsprt", "-v", "-c", configuration, "-p", "FILM", "-l", "2", "1",
        "--filmsize", "14INX17IN",
        *(get_testdata_file(name) for name in ("CT_small.dcm", "MR_small.dcm")),
    )  # fmt: skip
    (stored_print,) = folder.glob("SP_*")
    assert stored_print, made.stdout + made.stderr
    done = dcmtk("dcmprscu", "-v", "-c", configuration, "-p", "FILM", stored_print)
    assert done.returncode == 0, done.stdout + done.stderr
    (sheet,) = hospital.store.films()
    assert sheet.film_size_id == "14INX17IN"
    assert len(sheet.paths) == 2
    pictures = [np.asarray(Image.open(path)) for path in sheet.paths]
    assert all(picture.std() > 0 for picture in pictures)
