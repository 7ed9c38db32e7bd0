"""Names in wide use: a list for each ecosystem, shipped, and replaced by a newer one where there is one.

    biopsy-names<TAB>pypi<TAB>2026-11-22      the first line: of which ecosystem, of which day
    boto3<TAB>Xa91Q                           then the names, the most used first, each with its mark

A mark is a short hash of the sentence by which a package describes itself, so that a copy of it is noticed
without shipping anybody's sentences. The file is gzipped. One that `biopsy names refresh` made lies in
`BIOPSY_HOME/names` and goes before the shipped one.

The lists of PyPI and npm are those of their most downloaded packages. Those of the others are put together by
hand out of what is well known, then, of gems, crates and Go's modules, what Debian packages: they say that a
name is known, and little of how well.
"""

from biopsy.ecosystems.names.listed import Names, load, mark
from biopsy.ecosystems.names.resemble import Resemblance, resemblances
from biopsy.ecosystems.names.words import Habits

__all__ = ["Habits", "Names", "Resemblance", "load", "mark", "resemblances"]
