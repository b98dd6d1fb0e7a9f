"""A frame as a row of the store and back: its arrays, packed or not, and where it has samples."""
