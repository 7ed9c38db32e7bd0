"""The process that writes pages ahead: `python -m biopsy.web.site.ahead`, by what its environment says."""

from biopsy.web.site.ahead import go_on

go_on()
