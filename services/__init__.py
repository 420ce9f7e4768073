"""What runs: the catalog, the outbox, the DICOM roles and the long-running services."""
