"""CT and MR images: complete, or refused with the names of what is missing."""

from __future__ import annotations

from device.errors import NotFromCapture, UnsuitableFrame
from device.iod.captured import as_captured
from device.iod.context import BuiltObject, ObjectContext
from device.iod.geometry import stacked
from device.iod.offers import Offers, finish, gather
from device.iod.pixels import check_frame, lossy_values, pixel_values, time_values
from device.iod.secondary import build_secondary_capture
from device.iod.tables import CT, MR
from device.ports import Frame
from device.protocol import ObjectKind

_CT_LEAST_BITS = 12


def build_image(context: ObjectContext, frame: Frame) -> BuiltObject:
    """Build one single-frame object of the kind that the protocol asks for.

    Parameters
    ----------
    context : ObjectContext
        Exam, series, station, protocol and the instance's own numbers.
    frame : Frame
        The picture, with what the source itself knows of it.

    Returns
    -------
    BuiltObject
        A CT Image (PS3.3 A.3), MR Image (A.4) or Secondary Capture Image (A.8.1).

    Raises
    ------
    IncompleteDescription
        The CT or MR description lacks legitimate values; none is ever made up. The caller may fall
        back to :func:`build_secondary_capture` with ``because=error.missing``.
    NotFromCapture
        The picture was captured, and the site makes no CT or MR images of such. The caller may
        fall back to :func:`build_secondary_capture`.
    UnsuitableFrame
        The pixels cannot be an object of this kind.
    CharacterSetError
        A text does not fit the exam's character set.
    InvalidIdentity
        The patient or the accession number cannot be written.
    """
    kind = context.protocol.object
    if kind is ObjectKind.SC:
        return build_secondary_capture(context, frame)
    check_frame(frame)
    if frame.photometric == "RGB":
        raise UnsuitableFrame(
            f"Frame {frame.sequence} is in colour, which {kind.value} images cannot be; "
            f"choose a protocol for Secondary Capture"
        )
    if not (frame.native or context.station.ct_mr_from_capture):
        raise NotFromCapture(kind.value)
    offers = gather(context, CT if kind is ObjectKind.CT else MR, frame.attributes)
    required = _place(context, offers, native=frame.native)
    _require_three_values(offers)
    if not frame.native:
        as_captured(context, offers)
    elif kind is ObjectKind.CT:
        required |= _settle_ct_units(offers)
    else:
        _say_mr_origin(offers)
    least = _CT_LEAST_BITS if kind is ObjectKind.CT else 8
    offers.native |= time_values(frame, context.zone) | lossy_values([frame])
    offers.native |= pixel_values([frame], bits_allocated=16, least_bits_stored=least)
    return finish(context, offers, kind, required)


def _place(context: ObjectContext, offers: Offers, *, native: bool) -> frozenset[str]:
    """Put the slice where it lies; Modality must be that of the IOD (PS3.3 C.7.3.1.1.1).

    A configured stack places the slices of native material only: how often somebody pressed the
    pedal does not tell which slice the screen showed.
    """
    if offers.preset.get("Modality") != context.protocol.object.value:
        offers.preset.pop("Modality", None)
    said = dict(offers.native)
    for values in offers.beside.values():
        said = values | said
    if not native and context.instance_number > 1:
        offers.preset.pop("ImagePositionPatient", None)
    offers.preset, located, required = stacked(said, offers.preset, context.instance_number)
    offers.generated |= located
    return required


def _require_three_values(offers: Offers) -> None:
    """Image Type of CT and MR has a third value (PS3.3 C.8.2.1.1.1 and C.8.3.1.1.1)."""
    for values in offers.describing:
        if len(values.get("ImageType", ())) < 3:
            values.pop("ImageType", None)


def _settle_ct_units(offers: Offers) -> frozenset[str]:
    """Decide Rescale Type (PS3.3 C.8.2.1.1.2), whose absence would mean Hounsfield units.

    It stays absent only where the source itself described image type and rescale that way. An
    original image that is no localizer needs somebody's word that it is in HU; a capture whose
    units nobody stated is US, unspecified.
    """
    image_type = offers.offered("ImageType") or ["DERIVED"]
    original = image_type[0] == "ORIGINAL" and "LOCALIZER" not in image_type
    stated = offers.offered("RescaleType")
    if stated is not None and not (original and stated != "HU"):
        return frozenset()
    own = offers.native
    if stated is None and "ImageType" in own and "RescaleSlope" in own:
        return frozenset()
    if not original:
        offers.generated["RescaleType"] = "US"
        return frozenset()
    offers.withdraw("RescaleType")
    return frozenset({"RescaleType"})


def _say_mr_origin(offers: Offers) -> None:
    offers.generated["ImageType"] = ["DERIVED", "SECONDARY", "OTHER"]
    if offers.offered("RescaleSlope") is not None:
        offers.generated["RescaleType"] = "US"
