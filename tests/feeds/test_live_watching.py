"""The index and the registry that this machine is configured to use, watched by name for real."""

import json

import pytest

from biopsy import fetch
from biopsy.ecosystems import feeds
from biopsy.errors import RegistryError

pytestmark = pytest.mark.network


@pytest.mark.parametrize(("ecosystem", "name"), [("pypi", "six"), ("npm", "@babel/core")])
def test_a_release_that_was_not_known_yet_is_said_with_its_digest(ecosystem: str, name: str) -> None:
    feed = feeds.watched(ecosystem, [name])
    with fetch.client() as client:
        try:
            endpoint = feed.endpoint({})
            first = feed.poll(client, endpoint, feed.start(client, endpoint), {})
        except RegistryError as err:
            pytest.skip(str(err))
        assert first.items == ()
        cursor = json.loads(first.cursor)
        known = cursor["known"][name]
        forgotten = known["versions"].split()[-1]
        known["versions"] = known["versions"].rpartition(" ")[0]
        known["newest"] -= 1.0
        known.pop("mark", None)
        again = feed.poll(client, endpoint, json.dumps(cursor), {})
    assert {item.version for item in again.items} == {forgotten}
    assert all(item.digest and item.published for item in again.items)
