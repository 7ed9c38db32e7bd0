"""The read model of the site: what pages ask, answered in milliseconds, however much is in the warehouse.

A SQLite file in BIOPSY_HOME/site that follows the warehouse (what lands, what is packed, judged, removed) and
the report database. One process writes it, others read; it can be thrown away and is then made again.
"""

from biopsy.web.site.index.answers import (
    Chart,
    Counts,
    Freshness,
    Host,
    Line,
    Named,
    Reported,
    ReportedPage,
    Seen,
    SeenPage,
    Total,
    Wait,
)
from biopsy.web.site.index.reading import Index

__all__ = [
    "Chart",
    "Counts",
    "Freshness",
    "Host",
    "Index",
    "Line",
    "Named",
    "Reported",
    "ReportedPage",
    "Seen",
    "SeenPage",
    "Total",
    "Wait",
]
