"""Several detectors on one store: which device is whose, and which of them keeps the store."""
