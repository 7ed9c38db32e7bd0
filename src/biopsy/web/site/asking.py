"""What pages are asked by, in the words of addresses, with their limits."""

from typing import Annotated

from litestar.params import QueryParameter

from biopsy.web.site.paging import Refused

MAX_TEXT = 300
DAYS = (7, 30, 90, 365)
"""How many days charts show, as buttons."""

Text = Annotated[str, QueryParameter(max_length=MAX_TEXT)]
Query = Annotated[
    str, QueryParameter(max_length=2_000, description="a name, purl, hash, host, id, lock file")
]
_DAY = r"^(|[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01]))$"
Day = Annotated[str, QueryParameter(pattern=_DAY, description="a day, in UTC")]
Cursor = Annotated[
    str, QueryParameter(pattern=r"^[0-9A-Za-z:.+_-]{0,80}$", description="where the page before ended")
]
Run = Annotated[
    str, QueryParameter(pattern=r"^(|[a-z0-9][a-z0-9-]{3,63})$", description="the id of an analysis")
]
Whole = Annotated[bool, QueryParameter(description="as a page: everything, not the first of everything")]
Span = Annotated[int, QueryParameter(ge=1, le=3650, description="days")]
Limit = Annotated[int, QueryParameter(ge=1, le=500, description="rows")]


def sane(error: ValueError) -> Refused:
    """A day or cursor that has the right form and is none."""
    return Refused(detail=str(error)[:200])
