"""USB devices of a vendor's own class, driven from user space through libusb."""
