"""The readers, one file each, found by looking here."""
