"""The formats, one a file: see `biopsy.guard`."""
