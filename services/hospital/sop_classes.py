"""SOP classes and well-known instances that the hospital serves (PS3.6 table A-1)."""

from __future__ import annotations

from pydicom.uid import UID

Verification = UID("1.2.840.10008.1.1")
ModalityWorklistInformationModelFind = UID("1.2.840.10008.5.1.4.31")
ModalityPerformedProcedureStep = UID("1.2.840.10008.3.1.2.3.3")
StorageCommitmentPushModel = UID("1.2.840.10008.1.20.1")
StorageCommitmentPushModelInstance = UID("1.2.840.10008.1.20.1.1")
StudyRootQueryRetrieveInformationModelFind = UID("1.2.840.10008.5.1.4.1.2.2.1")
StudyRootQueryRetrieveInformationModelMove = UID("1.2.840.10008.5.1.4.1.2.2.2")
BasicFilmSession = UID("1.2.840.10008.5.1.1.1")
BasicFilmBox = UID("1.2.840.10008.5.1.1.2")
BasicGrayscaleImageBox = UID("1.2.840.10008.5.1.1.4")
BasicColorImageBox = UID("1.2.840.10008.5.1.1.4.1")
BasicGrayscalePrintManagementMeta = UID("1.2.840.10008.5.1.1.9")
BasicColorPrintManagementMeta = UID("1.2.840.10008.5.1.1.18")
Printer = UID("1.2.840.10008.5.1.1.16")
PrinterInstance = UID("1.2.840.10008.5.1.1.17")
PrintJob = UID("1.2.840.10008.5.1.1.14")
BasicAnnotationBox = UID("1.2.840.10008.5.1.1.15")
PrinterConfigurationRetrieval = UID("1.2.840.10008.5.1.1.16.376")
PresentationLUT = UID("1.2.840.10008.5.1.1.23")
