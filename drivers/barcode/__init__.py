"""What a scanned code says: symbology, GS1 elements, site masks, and whose identity it is. Pure."""
