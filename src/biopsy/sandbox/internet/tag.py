"""Inert bytes that show, by one look-up, that somebody executed them.

Where a second stage may be expected, a package is handed bytes that carry a fresh token. Run as a shell
script, as Python (`exec` or `eval`), JavaScript or Ruby they do one thing: look up a name that the token
alone leads to. The name stands nowhere in the bytes, in one piece, so that storing, printing, parsing or
crawling them cannot lead to that look-up; the internet sees it and knows which exchange had handed them out.

The same four lines are a program in all four languages (DQ is a double quote):

    0 //1 or DQDQDQ#{RUBY}          sh: a command that is not found, then a string begins; Ruby: an
                                    expression, for which RUBY is run before its division fails
    //DQ 2>/dev/null;SHELL;exit 0   sh: the string ends, SHELL runs; Python: text; JavaScript: a comment
    ;JAVASCRIPT                     sh never comes here; Python: still text
    //DQDQDQ and PYTHON             Python: the text ends, PYTHON runs; JavaScript: a comment
"""

import hashlib
import json
import re
from collections import OrderedDict

ZONE = "edge-cache.example"
"""Below it are the names of all tokens. Reserved (RFC 2606): it is nobody's."""
MAX_TOKENS = 100_000
"""Tokens that are remembered in a run; the oldest give way."""

_HOST = re.compile(r"i-([0-9a-f]{16})\." + re.escape(ZONE))

_SHELL = (
    "t={0};t=i-${{t}}{1};t=$t.{2}.example;"
    "{{ getent hosts $t||nslookup $t||curl -sm9 $t||wget -qT9 -O- $t; }} >/dev/null 2>&1"
)
_JAVASCRIPT = (
    "(function(g){{try{{var h='i-'+'{0}'+'{1}.'+'{2}'+'.example',"
    "p=g.process||g.constructor.constructor('return process')(),"
    "d=typeof require=='function'?require('dns'):p.getBuiltinModule?p.getBuiltinModule('dns')"
    ":p.mainModule.require('dns');d.lookup(h,function(){{}})}}"
    "catch(e){{typeof fetch=='function'&&fetch('http://'+h+'/').catch(function(){{}})}}"
    "}})(typeof globalThis=='object'?globalThis:this)"
)
_RUBY = "require 'socket';(Addrinfo.getaddrinfo('i-'+'{0}'+'{1}.'+'{2}'+'.example',80) rescue 0)"
_PYTHON = "__import__('socket').gethostbyname('i-'+'{0}'+'{1}.'+'{2}'+'.example')"


def _filled(template: str, token: str) -> str:
    return template.format(token[:8], token[8:], ZONE.removesuffix(".example"))


def shell(token: str) -> str:
    """A line of shell that shows it ran."""
    return _filled(_SHELL, token)


def python(token: str) -> str:
    """A Python expression that shows it was evaluated."""
    return _filled(_PYTHON, token)


def javascript(token: str) -> str:
    """A JavaScript expression that shows it was evaluated; in a module, a script or a bare context."""
    return _filled(_JAVASCRIPT, token)


def ruby(token: str) -> str:
    """A Ruby expression that shows it was evaluated; it may stand between double quotes of a shell."""
    return _filled(_RUBY, token)


def code(token: str) -> str:
    """A program in shell, Python, JavaScript and Ruby at once."""
    lines = (
        f'0 //1 or """#{{{ruby(token)}}}',
        f'//" 2>/dev/null;{shell(token)};exit 0',
        f";{javascript(token)}",
        f'//""" and {python(token)}',
    )
    return "\n".join((*lines, ""))


def order(token: str) -> str:
    """An order as an object of JSON, in one line, under the names that clients have been seen to look for."""
    named = dict.fromkeys(("type", "action", "op", "event", "kind"), "exec")
    named |= dict.fromkeys(
        ("cmd", "command", "data", "args", "exec", "run", "shell", "task", "order"), shell(token)
    )
    named |= dict.fromkeys(("code", "script", "payload", "eval", "js"), code(token))
    return json.dumps(named | {"id": 1})


def lines(token: str) -> tuple[str, ...]:
    """Orders of one line each, for who reads lines: in shell, in JSON, in Python, in JavaScript."""
    return shell(token), order(token), python(token), javascript(token)


def script(token: str) -> str:
    """The same as a file that can be executed."""
    return f"#!/bin/sh\n{code(token)}"


def host(token: str) -> str:
    """The name whose look-up shows that bytes with this token were executed."""
    return f"i-{token}.{ZONE}"


class Tags:
    """The tokens of a run: what was handed out, and which of it turned up again."""

    def __init__(self, seed: str) -> None:
        """Begin with a seed that no package knows: a token cannot be guessed."""
        self._seed = seed.encode()
        self._count = 0
        self._given: OrderedDict[str, None] = OrderedDict()

    def token(self) -> str:
        """A fresh token, to be handed out."""
        self._count += 1
        text = f"tag {self._count}".encode()
        token = hashlib.blake2b(text, key=self._seed[:64], digest_size=8).hexdigest()
        self._given[token] = None
        if len(self._given) > MAX_TOKENS:
            self._given.popitem(last=False)
        return token

    def ran(self, name: str) -> str:
        """The token that a look-up of `name` shows to have been executed, or nothing."""
        found = _HOST.fullmatch(name.lower().rstrip("."))
        return found[1] if found and found[1] in self._given else ""
