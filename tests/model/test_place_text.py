"""Where a behaviour stands, in its one text form; and whose code that is, by the path."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from biopsy.model.behaviour import Behaviour, InFile, Kind, When, parse_where
from biopsy.model.vendored import vendored

COPIES = """
pip/_vendor/requests/api.py  botocore/vendored/six.py  vendor/github.com/x/y.go  source/vendor/ansi-styles/index.js
vendors/a.js  src/third_party/zlib/zlib.c  src/third-party/a.js  lib/thirdparty/a.py  3rdparty/a.c
pkg_resources/extern/__init__.py  joblib/externals/loky/x.py  seaborn/external/husl.py  Vendor/A.php
node_modules/chalk/index.js  dist/node_modules/undici/index.js  static/bower_components/jquery/a.js
x.data/purelib/lib/python3.12/site-packages/six.py  vendored-meson/meson/meson.py  thing/_vendored/a.py
next/dist/compiled/semver/index.js  dist/vendors~main.js  dist/vendor.3f2a9b1c.js  dist/vendor-3f2a9b1c.mjs
js/chunk-vendors.d41d8c.js  dist/vendor.min.js  dist/vendor.bundle.js
wheels/pip-26.0-py3-none-any.whl!/pip/_vendor/rich/style.py  thing/vendor_packages/six.py
""".split()  # noqa: SIM905

OWN = """
thing/__init__.py  vendor.py  thing/vendor.js  thing/vendors.py  vendorapi/a.py
tests/external_botocore/conftest.py  externally/a.py  extern.py  node_modules.js  my_node_modules/a.js
third_party.py  lib/vendor-api.js  lib/vendor-feedback.js  jedi/inference/compiled/access.py  compiled/a.js
site-packages.txt  thing/internal/a.py  src/vendor_specific/a.py  lib/vendor-decade.js
""".split()  # noqa: SIM905


@pytest.mark.parametrize("path", COPIES)
def test_a_copy_of_other_code_is_known_by_its_path(path: str) -> None:
    assert vendored(path)


@pytest.mark.parametrize("path", OWN)
def test_own_code_is_not_taken_for_a_copy(path: str) -> None:
    assert not vendored(path)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("pip/_vendor/six.py:3 (import, vendored)", InFile("pip/_vendor/six.py", 3, When.IMPORT)),
        ("pip/_vendor/six.py (vendored)", InFile("pip/_vendor/six.py")),
        ("thing/six.py:3 (import)", InFile("thing/six.py", 3, When.IMPORT)),
    ],
)
def test_the_text_says_that_a_place_is_in_a_copy(text: str, place: InFile) -> None:
    assert (str(place), parse_where(text)) == (text, place)


@pytest.mark.parametrize(
    "text",
    [
        "pip/_vendor/six.py:3 (import)",
        "pip/_vendor/six.py:3",
        "six.py:3 (import, vendored)",
        "six.py (vendored)",
    ],
)
def test_what_other_versions_kept_still_loads(text: str) -> None:
    """One that knew fewer folders, and one that knew more."""
    where = parse_where(text)
    assert isinstance(where, InFile)
    assert where.path.endswith("six.py")


SEGMENTS = [
    "_vendor",
    "vendor",
    "node_modules",
    "x",
    "a (vendored)",
    "a, vendored)",
    "é",
    ":3",
    "b#1",
    " (import)",
]


@given(st.lists(st.sampled_from(SEGMENTS), min_size=1, max_size=5), st.integers(0, 99), st.sampled_from(When))
def test_no_path_forges_where_it_stands(parts: list[str], line: int, when: When) -> None:
    seen = Behaviour(Kind.CODE_EVAL, "exec", InFile("/".join(parts), line, when))
    assert Behaviour.parse(str(seen)) == seen


@given(st.text(max_size=60), st.text(max_size=60))
def test_a_copy_stays_one_however_deep_it_lies(above: str, below: str) -> None:
    assert vendored(f"{above}/_vendor/{below}")
