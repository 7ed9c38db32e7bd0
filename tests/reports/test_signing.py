"""A release is a TUF repository: python-tuf's own client takes it, and nothing that was done to it since."""

import functools
import http.server
import os
import shutil
import stat
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("tuf")

from tuf.api import exceptions
from tuf.ngclient import FetcherInterface, Updater

from biopsy.errors import UsageError
from biopsy.reports.database import Database
from biopsy.reports.signing import UntrustedError, repository
from biopsy.reports.signing.keys import Offline
from biopsy.reports.signing.roles import Role, Signing
from biopsy.reports.signing.store import Store
from biopsy.reports.signing.verify import Directory, verify

NOW = datetime.now(UTC)
SETTINGS = Signing()
FILES = {"all.zip": b"PK all", "crates.io/all.zip": b"PK crates", "GitHub Actions/x+y.csv": b"a,b"}


@pytest.fixture
def offline(tmp_path: Path) -> Offline:
    return Offline((tmp_path / "stick",))


@pytest.fixture
def store(tmp_path: Path, offline: Offline) -> Store:
    made = Store(tmp_path / "signing")
    made.init(offline, SETTINGS, NOW)
    return made


@pytest.fixture
def tree(tmp_path: Path, store: Store) -> Path:
    made = fill(tmp_path / "public", FILES)
    repository.sign(made, store, SETTINGS, NOW)
    return made


def fill(place: Path, files: dict[str, bytes]) -> Path:
    for path, data in files.items():
        (place / path).parent.mkdir(parents=True, exist_ok=True)
        (place / path).write_bytes(data)
    return place


def first(store: Store) -> bytes:
    return (store.metadata / "1.root.json").read_bytes()


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def served(tmp_path: Path, tree: Path) -> Iterator[str]:
    handler = functools.partial(Quiet, directory=str(tree))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def client(base: str, store: Store, state: Path, **parts: Any) -> Updater:
    state.mkdir(exist_ok=True)
    return Updater(
        str(state), f"{base}/tuf/metadata", str(state), f"{base}/tuf/targets", bootstrap=first(store), **parts
    )  # fmt: skip


def local(tree: Path, store: Store, tmp_path: Path) -> Updater:
    return client(tree.as_uri(), store, tmp_path / "client", fetcher=Directory())


def test_the_reference_client_fetches_every_file_over_http(served: str, store: Store, tmp_path: Path) -> None:
    updater = client(served, store, tmp_path / "client")
    for path, data in FILES.items():
        info = updater.get_targetinfo(path)
        assert info
        assert Path(updater.download_target(info)).read_bytes() == data


class Asking(FetcherInterface):
    """Asks our own server, in this process."""

    def __init__(self, database: Path, exports: Path) -> None:
        testing = pytest.importorskip("litestar.testing")
        from biopsy.web.app import Settings, build

        self._client = testing.TestClient(build(database, Settings(database, exports=exports)))

    def _fetch(self, url: str) -> Iterator[bytes]:
        answer = self._client.get(url)
        if answer.status_code != 200:
            raise exceptions.DownloadHTTPError(url, answer.status_code)
        yield answer.content


def test_the_reference_client_fetches_every_file_from_our_own_server(
    tree: Path, store: Store, tmp_path: Path
) -> None:
    Database(tmp_path / "reports.db", create=True).close()
    asking = Asking(tmp_path / "reports.db", tree)
    updater = client("http://testserver.local/exports", store, tmp_path / "client", fetcher=asking)
    for path, data in FILES.items():
        info = updater.get_targetinfo(path)
        assert info
        assert Path(updater.download_target(info)).read_bytes() == data


def test_the_reference_client_needs_no_server(tree: Path, store: Store, tmp_path: Path) -> None:
    updater = local(tree, store, tmp_path)
    info = updater.get_targetinfo("all.zip")
    assert info
    assert Path(updater.download_target(info)).read_bytes() == FILES["all.zip"]
    assert updater.get_targetinfo("not there") is None


def test_a_changed_file_is_refused(tree: Path, store: Store, tmp_path: Path) -> None:
    updater = local(tree, store, tmp_path)
    info = updater.get_targetinfo("all.zip")
    assert info
    held = tree / "tuf" / "targets" / info.get_prefixed_paths()[0]
    held.write_bytes(b"PK evl")  # as long as it was
    with pytest.raises(exceptions.LengthOrHashMismatchError):
        updater.download_target(info)


def test_a_release_that_was_rolled_back_is_refused(tree: Path, store: Store, tmp_path: Path) -> None:
    local(tree, store, tmp_path).refresh()
    old = tmp_path / "old"
    shutil.copytree(tree, old)
    (tree / "all.zip").write_bytes(b"PK newer")
    repository.sign(tree, store, SETTINGS, NOW)
    local(tree, store, tmp_path).refresh()
    with pytest.raises(exceptions.BadVersionNumberError):
        local(old, store, tmp_path).refresh()


def test_a_release_that_nobody_signed_anew_is_refused(tree: Path, store: Store, tmp_path: Path) -> None:
    shutil.rmtree(store.metadata.parent)
    then = NOW - timedelta(days=5)
    again = Store(tmp_path / "signing")
    again.init(Offline((tmp_path / "other stick",)), SETTINGS, then)
    repository.sign(tree, again, SETTINGS, then)
    with pytest.raises(exceptions.ExpiredMetadataError, match=r"timestamp\.json"):
        local(tree, again, tmp_path).refresh()


def test_what_others_signed_is_refused(tree: Path, store: Store, tmp_path: Path) -> None:
    other = Store(tmp_path / "other")
    other.init(Offline((tmp_path / "other stick",)), SETTINGS, NOW)
    stranger = fill(tmp_path / "stranger", FILES)
    repository.sign(stranger, other, SETTINGS, NOW)
    with pytest.raises(exceptions.UnsignedMetadataError):
        local(stranger, store, tmp_path).refresh()


@pytest.mark.parametrize("part", ["snapshot", "targets"])
def test_parts_of_two_releases_do_not_go_together(
    tree: Path, store: Store, tmp_path: Path, part: str
) -> None:
    before = (tree / f"tuf/metadata/1.{part}.json").read_bytes()
    (tree / "all.zip").write_bytes(b"PK newer")
    repository.sign(tree, store, SETTINGS, NOW)
    (tree / f"tuf/metadata/2.{part}.json").write_bytes(before)
    with pytest.raises((exceptions.RepositoryError, exceptions.DownloadError)):
        local(tree, store, tmp_path).refresh()


def test_every_role_can_get_new_keys_and_old_clients_follow(
    tree: Path, store: Store, offline: Offline, tmp_path: Path
) -> None:
    local(tree, store, tmp_path).refresh()
    for role in ("root", "targets", "snapshot", "timestamp", "verdicts"):
        store.rotate(role, offline, SETTINGS, NOW)
    assert len(list(store.keys.glob("*.pem"))) == 4
    repository.sign(tree, store, SETTINGS, NOW)
    updater = local(tree, store, tmp_path)
    assert updater.get_targetinfo("all.zip")
    assert len(list((tree / "keys").iterdir())) == 2  # what the old key of verdicts signed stays true


def test_a_key_that_was_let_go_signs_no_more(
    tree: Path, store: Store, offline: Offline, tmp_path: Path
) -> None:
    stolen = tmp_path / "stolen"
    shutil.copytree(store.keys, stolen)
    store.rotate("targets", offline, SETTINGS, NOW)
    shutil.rmtree(store.keys)
    shutil.copytree(stolen, store.keys)
    with pytest.raises(UsageError, match="targets: 0 of 1"):
        repository.sign(fill(tree, {"all.zip": b"PK newer"}), store, SETTINGS, NOW)


def test_root_signs_only_with_as_many_keys_as_it_needs(tmp_path: Path) -> None:
    settings = Signing({"root": Role(3, 2, 365), "targets": Role(2, 2, 90)})
    store, sticks = Store(tmp_path / "signing"), (tmp_path / "one", tmp_path / "two")
    store.init(Offline(sticks[:1]), settings, NOW)
    sticks[1].mkdir()
    paths = sorted(sticks[0].iterdir())
    for path in paths[1:]:
        path.rename(sticks[1] / path.name)
    with pytest.raises(UsageError, match="1 of the 2 keys of root"):
        store.renew(Offline(sticks[:1]), settings, NOW)
    assert store.root().version == 1
    (sticks[1] / paths[2].name).unlink()
    with pytest.raises(UsageError, match="1 of the 2 keys of root"):
        store.cosign(Offline((tmp_path / "nothing here",)))
    assert store.cosign(Offline(sticks[1:])).version == 2
    with pytest.raises(UsageError, match="no root waits"):
        store.cosign(Offline(sticks))
    with pytest.raises(UsageError, match="no key of root"):
        store.renew(Offline((tmp_path / "nothing here",)), settings, NOW)
    assert store.renew(Offline(sticks), settings, NOW).version == 3
    tree = fill(tmp_path / "signed", FILES)
    repository.sign(tree, store, settings, NOW)
    assert local(tree, store, tmp_path).get_targetinfo("all.zip")
    next(store.keys.glob("targets-*.pem")).unlink()
    with pytest.raises(UsageError, match="targets: 1 of 2"):
        repository.sign(fill(tree, {"all.zip": b"PK newer"}), store, settings, NOW)


def test_no_key_of_root_is_left_and_no_other_user_reads_a_key(store: Store, tmp_path: Path) -> None:
    held = list(store.keys.iterdir())
    assert sorted(path.name.partition("-")[0] for path in held) == [
        "snapshot", "targets", "timestamp", "verdicts",
    ]  # fmt: skip
    assert {stat.S_IMODE(path.stat().st_mode) for path in held} == {0o600}
    assert stat.S_IMODE(store.keys.stat().st_mode) == 0o700


def test_a_passphrase_keeps_the_keys_of_root(tmp_path: Path) -> None:
    store, folder = Store(tmp_path / "signing"), (tmp_path / "stick",)
    store.init(Offline(folder, "correct horse"), SETTINGS, NOW)
    assert b"ENCRYPTED" in next(folder[0].iterdir()).read_bytes()
    for wrong in ("", "wrong horse"):
        with pytest.raises(UsageError, match="passphrase"):
            store.renew(Offline(folder, wrong), SETTINGS, NOW)
    assert store.renew(Offline(folder, "correct horse"), SETTINGS, NOW).version == 2


def test_signing_again_what_did_not_change_gives_the_same_bytes(tree: Path, store: Store) -> None:
    def signed() -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in (tree / "tuf/metadata").iterdir()}

    before = signed()
    repository.sign(tree, store, SETTINGS, NOW + timedelta(hours=1))
    assert signed() == before
    versions = repository.sign(tree, store, SETTINGS, NOW + timedelta(days=2)).versions
    assert versions == {"root": 1, "targets": 1, "snapshot": 1, "timestamp": 2}


def test_a_release_that_was_lost_rolls_nobody_back(tree: Path, store: Store, tmp_path: Path) -> None:
    local(tree, store, tmp_path).refresh()
    shutil.rmtree(tree)
    made = repository.sign(fill(tree, {"all.zip": b"PK newer"}), store, SETTINGS, NOW)
    assert made.versions["targets"] == 2
    assert local(tree, store, tmp_path).get_targetinfo("crates.io/all.zip") is None


def test_who_breaks_off_while_signing_leaves_the_release_and_the_next_goes_on(
    tree: Path, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tree / "all.zip").write_bytes(b"PK newer")
    held = store.put
    for name in ("2.targets.json", "2.snapshot.json", "timestamp.json"):

        def broken(path: str, data: bytes, name: str = name) -> None:
            if path.endswith(name.partition(".")[2]) or path == name:
                raise KeyboardInterrupt
            held(path, data)

        fresh = fill(tmp_path / f"fresh {name}", {"all.zip": b"PK newer"})
        monkeypatch.setattr(store, "put", broken)
        with pytest.raises(KeyboardInterrupt):
            repository.sign(fresh, store, SETTINGS, NOW, tree)
        monkeypatch.setattr(store, "put", held)
        assert local(tree, store, tmp_path).get_targetinfo("crates.io/all.zip")
    fresh = fill(tmp_path / "fresh", {"all.zip": b"PK newer"})
    repository.sign(fresh, store, SETTINGS, NOW, tree)
    assert local(fresh, store, tmp_path).get_targetinfo("crates.io/all.zip") is None


def test_a_client_that_is_half_through_finds_what_it_looked_up(
    tree: Path, store: Store, tmp_path: Path
) -> None:
    updater = local(tree, store, tmp_path)
    info = updater.get_targetinfo("all.zip")
    assert info
    fresh = fill(tmp_path / "fresh", {"all.zip": b"PK newer"})
    repository.sign(fresh, store, SETTINGS, NOW, tree)
    shutil.rmtree(tree)
    fresh.rename(tree)
    assert Path(updater.download_target(info)).read_bytes() == FILES["all.zip"]


def test_files_under_their_hash_take_no_room(tree: Path) -> None:
    assert (tree / "all.zip").stat().st_nlink == 2


def test_a_root_that_ended_signs_nothing(tree: Path, store: Store, offline: Offline) -> None:
    late = NOW + timedelta(days=366)
    assert "keys renew" in repository.sign(tree, store, SETTINGS, NOW + timedelta(days=340)).warning
    with pytest.raises(UsageError, match="keys renew"):
        repository.sign(tree, store, SETTINGS, late)
    store.renew(offline, SETTINGS, late)
    assert repository.sign(tree, store, SETTINGS, late).versions["root"] == 2


def test_a_link_is_not_signed(tree: Path, store: Store) -> None:
    for name, target in (("passwd", "/etc/passwd"), ("folder", "/etc")):
        (tree / name).symlink_to(target)
        with pytest.raises(UsageError, match=name):
            repository.sign(tree, store, SETTINGS, NOW)
        (tree / name).unlink()


def test_two_who_sign_at_once_give_no_version_twice(store: Store, tmp_path: Path) -> None:
    trees = [fill(tmp_path / str(number), {"all.zip": b"PK %d" % number}) for number in range(6)]
    with ThreadPoolExecutor(6) as pool:
        made = pool.map(lambda tree: repository.sign(tree, store, SETTINGS, NOW).versions["targets"], trees)
        assert sorted(made) == [1, 2, 3, 4, 5, 6]


def _append(tree: Path) -> None:
    with (tree / "all.zip").open("ab") as file:
        file.write(b"!")


@pytest.mark.parametrize(
    ("harm", "why"),
    [
        (_append, "Mismatch"),
        (lambda tree: (tree / "all.zip").unlink(), "FileNotFound"),
        (lambda tree: shutil.rmtree(tree / "tuf"), "timestamp"),
        (lambda tree: os.truncate(tree / "tuf/metadata/1.targets.json", 100), "Mismatch"),
    ],
)
def test_our_own_check_refuses_what_was_done_to_a_release(
    tree: Path, store: Store, tmp_path: Path, harm: Callable[[Path], object], why: str
) -> None:
    seen = verify(tree, first(store), tmp_path / "seen")
    assert (seen.version, seen.files, seen.unsigned) == (1, len(FILES) + 1, ())
    (tree / "extra.txt").write_bytes(b"?")
    assert verify(tree, first(store), tmp_path / "seen").unsigned == ("extra.txt",)
    harm(tree)
    with pytest.raises(UntrustedError, match=why):
        verify(tree, first(store), tmp_path / "fresh")
