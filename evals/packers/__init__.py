"""Packers: how what Debian ships of an ecosystem becomes what its registry would have; a module for each.

A module is named after a purl type and has

    PACKAGES                  names of Debian packages, each harmless
    pack(root)                yields (name, version, file name, bytes) of what lies unpacked below `root`
    configure(url, folder)    writes what has clients ask the registry at `url`; gives variables to set

It is found by being there; `python -m evals.debian TYPE` uses it.
"""
