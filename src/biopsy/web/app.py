"""The server as one application: routes, its database, its OpenAPI document."""

from pathlib import Path

from litestar import Litestar
from litestar.di import Provide
from litestar.openapi import OpenAPIConfig

from biopsy import __version__
from biopsy.web.npm import Npm
from biopsy.web.osv import Osv
from biopsy.web.store import Stores


def build(database: Path) -> Litestar:
    """Make the application that serves a report database; raises DatabaseError where there is none."""
    stores = Stores(database)
    return Litestar(
        route_handlers=[Osv, Npm],
        dependencies={"stores": Provide(lambda: stores, sync_to_thread=False)},
        openapi_config=OpenAPIConfig(title="biopsy", version=__version__),
    )
