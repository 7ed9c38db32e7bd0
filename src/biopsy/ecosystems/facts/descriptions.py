"""Descriptions: nothing said, what everybody says, and what somebody else says."""

import re
from collections.abc import Iterator
from datetime import date
from urllib.parse import urlsplit

from biopsy.ecosystems.facts.subject import Subject
from biopsy.ecosystems.names.listed import squeeze
from biopsy.ecosystems.names.slip import tokens
from biopsy.errors import UsageError
from biopsy.model.behaviour import Behaviour, Kind
from biopsy.model.regex import regex

SHORT = 40
"""A README of fewer bytes says nothing: what says more in a character takes more of them."""

_BOILERPLATE = regex(
    r"(?:an? |my |the |this is (?:an? |my )?)?"
    r"(?:(?:small|simple|basic|first|new|sample|example|test|testing|demo|dummy|python|npm|node|nodejs|private"
    r"|internal) ){0,4}"
    r"(?:package|module|library|project|test|testing|demo|description|hello world|todo|lorem ipsum.*"
    r"|your package description|add your description here)[.! ]*",
    re.IGNORECASE,
)
_WORD = regex(r"[@A-Za-z0-9][@A-Za-z0-9._/-]{0,213}")
_HOSTS = frozenset({"github.com", "gitlab.com", "bitbucket.org", "codeberg.org", "www.github.com"})
_SHORTHAND = regex(r"(?:(?:github|gitlab|bitbucket):)?([\w.-]{1,100})/([\w.-]{1,100})")
_SHELL = regex(
    r"(?:git\+ssh://)?[\w.-]{1,64}@([\w.-]{1,253}):(?!\d+/)([\w~][\w./~-]{0,253})"
)  # as scp has it
_GIST = regex(r"gist:[0-9A-Za-z/-]{1,100}")


def facts(it: Subject, today: date) -> Iterator[Behaviour]:  # noqa: ARG001
    """Yield `pkg.description`; nothing where neither the registry nor a manifest says anything at all."""
    said = [manifest for manifest in (it.shown, it.manifest) if manifest is not None]
    if not said:
        return
    summary = next((m.summary for m in said if m.summary), "")
    readme = next((m.readme for m in said if m.readme), "").strip()
    told = len(readme.encode("utf-8", "replace")) >= SHORT
    links = tuple(dict.fromkeys(link for m in said for link in m.links or ()))
    if not summary and not told:
        yield it.say(Kind.PKG_DESCRIPTION, "empty")
    elif not told and _BOILERPLATE.fullmatch(summary):
        yield it.say(Kind.PKG_DESCRIPTION, "boilerplate", detail=summary)
    if not any(_web(link) for link in links):
        yield it.say(Kind.PKG_DESCRIPTION, "no-repository")
    if it.popular:
        return  # it copies nobody; others copy it
    whose = it.names.describes(summary)
    if whose and whose != it.release.name:
        yield it.say(Kind.PKG_DESCRIPTION, f"copied {whose}", detail=summary)
    if other := _installed(it, readme):
        yield it.say(Kind.PKG_DESCRIPTION, f"installs {other}")
    if other := _repository(it, links):
        yield it.say(Kind.PKG_DESCRIPTION, f"repository-of {other}")


def _web(link: str) -> bool:
    known = re.match(r"(?:git\+)?(?:https?|git|ssh)://", link)
    return bool(known) or any(form.fullmatch(link) for form in (_SHORTHAND, _SHELL, _GIST))


def _installed(it: Subject, readme: str) -> str:
    """Give the popular package that the README tells to install, where it never tells to install its own."""
    first = ""
    for way in it.ecosystem.habits.install:
        for match in re.finditer(rf"\b{way}((?:[ \t]+\S+){{1,4}})", readme):
            for word in match[1].split():
                name = _normal(it, word.strip("`'\"*()[],;"))
                if name == it.release.name:
                    return ""
                if not first and name in it.names:
                    first = name
    return first


def _normal(it: Subject, word: str) -> str:
    if not _WORD.fullmatch(word):
        return ""
    name, at, _ = word[1:].partition("@")  # NAME@1.2.3, @SCOPE/NAME
    try:
        return it.ecosystem.normalise(word[0] + name if at else word)
    except UsageError:
        return ""


def _repository(it: Subject, links: tuple[str, ...]) -> str:
    """Give the popular package in whose repository it says it lives, where it says nothing else.

    A repository may hold many packages, so a name that holds the other as a word is at home there.
    """
    for link in links:
        owner, repository = _place(link)
        if not repository:
            continue
        target = it.names.squeezed.get(squeeze(repository), "")
        mine = tokens(it.release.name)
        related = {squeeze(owner), squeeze(repository)} & {*mine, squeeze(it.release.name)}
        if not target or target == it.release.name or related:
            return ""
        return target
    return ""


def _place(link: str) -> tuple[str, str]:
    """Give owner and name of the repository that a link points to."""
    if match := _SHORTHAND.fullmatch(link):
        return match[1], match[2].removesuffix(".git")
    if match := _SHELL.fullmatch(link):
        link = f"ssh://{match[1]}/{match[2]}"
    try:
        parts = urlsplit(link.removeprefix("git+"))
    except ValueError:
        return "", ""
    pieces = [piece for piece in parts.path.split("/") if piece]
    if (parts.hostname or "") not in _HOSTS or len(pieces) < 2:
        return "", ""
    return pieces[0], pieces[1].removesuffix(".git")
