"""Gems written from texts: an empty one for what the tools do by themselves, and whatever else is packed."""

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Mapping, Sequence

from biopsy.ecosystems.blanks import NAME, VERSION

_TIME = 499162800

_EXTENSION = 'require "mkmf"\ncreate_makefile("empty_native")\n'
_C = "#include <ruby.h>\nvoid Init_empty_native(void) {}\n"
_RUBY = "module Empty\n  def self.main(value = nil)\n    0\n  end\nend\n"
_COMMAND = '#!/usr/bin/env ruby\nrequire "empty"\nputs Empty.main\n'


def gem() -> tuple[str, bytes]:
    """A library, a command, a native extension, a plug-in and a test."""
    files = {
        f"lib/{NAME}.rb": _RUBY,
        "lib/rubygems_plugin.rb": "# nothing\n",
        f"exe/{NAME}": _COMMAND,
        f"ext/{NAME}/extconf.rb": _EXTENSION,
        f"ext/{NAME}/{NAME}.c": _C,
        f"test/test_{NAME}.rb": f'require "{NAME}"\n',
    }
    made = pack(
        NAME, VERSION, {path: text.encode() for path, text in files.items()},
        executables=[NAME], extensions=[f"ext/{NAME}/extconf.rb"],
    )  # fmt: skip
    return f"{NAME}-{VERSION}.gem", made


def pack(
    name: str,
    version: str,
    files: Mapping[str, bytes],
    *,
    modes: Mapping[str, int] | None = None,
    dependencies: Sequence[str] = (),
    **about: object,
) -> bytes:
    """Pack files into a gem, the same bytes every time; `about` goes into its gemspec.

    A dependency is written `name ~> 1.0, < 2`.
    """
    data = _tar([(path, body, (modes or {}).get(path, _mode(path))) for path, body in files.items()])
    spec = specification(name, version, list(files), dependencies, about).encode()
    members = [("metadata.gz", _gz(spec)), ("data.tar.gz", _gz(data))]
    sums = "".join(
        f"{kind}:\n" + "".join(f"  {one}: {hashlib.new(kind, body).hexdigest()}\n" for one, body in members)
        for kind in ("SHA256", "SHA512")
    )
    members.append(("checksums.yaml.gz", _gz(f"---\n{sums}".encode())))
    return _tar([(one, body, 0o444) for one, body in members])


def specification(
    name: str, version: str, files: Sequence[str], dependencies: Sequence[str], about: Mapping[str, object]
) -> str:
    """Write a gemspec as RubyGems does. Texts and lists are written as JSON, which is YAML."""
    said = {
        "authors": ["somebody"], "bindir": "exe", "cert_chain": [], "description": "", "email": [],
        "executables": [], "extensions": [], "extra_rdoc_files": [], "homepage": "", "licenses": ["MIT"],
        "metadata": {}, "rdoc_options": [], "require_paths": ["lib"], "requirements": [], "test_files": [],
        "summary": f"{name} of a test", "rubygems_version": "3.3.15", "specification_version": 4,
        **about, "files": list(files),
    }  # fmt: skip
    head = f"--- !ruby/object:Gem::Specification\nname: {json.dumps(name)}\n{_version('version', version)}"
    head += "platform: ruby\nautorequire:\ndate: 2024-05-17 00:00:00.000000000 Z\n"
    listed = "".join(_dependency(one) for one in dependencies)
    needs = f"dependencies:\n{listed}" if listed else "dependencies: []\n"
    least = "".join(
        f"{key}: !ruby/object:Gem::Requirement\n" + _requirements([(">=", "0")], "  ")
        for key in ("required_ruby_version", "required_rubygems_version")
    )
    return head + needs + "".join(f"{key}: {json.dumps(value)}\n" for key, value in said.items()) + least


def _version(key: str, text: str, indent: str = "") -> str:
    return f"{indent}{key}: !ruby/object:Gem::Version\n{indent}  version: {json.dumps(text)}\n"


def _dependency(written: str) -> str:
    name, _, rest = written.partition(" ")
    wanted = [tuple(one.split()) for one in rest.split(",") if one.strip()] or [(">=", "0")]
    pairs = [(one[0], one[1]) if len(one) == 2 else ("=", one[0]) for one in wanted]
    return (
        f"- !ruby/object:Gem::Dependency\n  name: {json.dumps(name)}\n"
        "  requirement: !ruby/object:Gem::Requirement\n" + _requirements(pairs, "    ") + "  type: :runtime\n"
        "  prerelease: false\n"
        "  version_requirements: !ruby/object:Gem::Requirement\n" + _requirements(pairs, "    ")
    )


def _requirements(pairs: Sequence[tuple[str, str]], indent: str) -> str:
    lines = "".join(
        f'{indent}- - "{sign}"\n{indent}  - !ruby/object:Gem::Version\n'
        f"{indent}    version: {json.dumps(text)}\n"
        for sign, text in pairs
    )
    return f"{indent}requirements:\n{lines}"


def _mode(path: str) -> int:
    return 0o755 if path.startswith(("exe/", "bin/")) else 0o644


def _gz(data: bytes) -> bytes:
    return gzip.compress(data, mtime=0)


def _tar(members: Sequence[tuple[str, bytes, int]]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, body, mode in members:
            member = tarfile.TarInfo(name)
            member.size, member.mode, member.mtime = len(body), mode, _TIME
            archive.addfile(member, io.BytesIO(body))
    return out.getvalue()
