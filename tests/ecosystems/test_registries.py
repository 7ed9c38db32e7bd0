"""The registries that this machine is configured to use, asked for real."""

from pathlib import Path

import pytest

from biopsy import fetch
from biopsy.ecosystems import by_type, parse_target
from biopsy.errors import RegistryError
from biopsy.model.release import Release

pytestmark = pytest.mark.network


@pytest.mark.parametrize(
    "target", ["pypi:six@1.17.0", "pypi:requests", "npm:chalk@5.6.2", "npm:lodash", "npm:@babel/core"]
)
def test_a_well_known_release_is_found_fetched_and_verified(target: str, tmp_path: Path) -> None:
    release = parse_target(target)
    assert isinstance(release, Release)
    ecosystem = by_type(release.ecosystem)
    with fetch.client() as client:
        try:
            endpoint = ecosystem.endpoint(release.name)
            listing = ecosystem.resolve(client, endpoint, release)
        except RegistryError as err:
            pytest.skip(str(err))
        (remote,) = listing.choose()
        artifact = fetch.fetch(remote, endpoint, client, tmp_path)
    assert artifact.verified
    assert listing.release.version
    assert len(listing.versions) > 5
