"""What people take for lock files and is none, or is in a form that nobody but its writer reads."""

import re
from typing import NamedTuple

HEAD = 4096  # bytes that are looked at


class _Near(NamedTuple):
    name: str
    looks: re.Pattern[bytes]
    hint: str


_ALL = (
    _Near(
        "bun.lockb",
        re.compile(rb"(?:#!/usr/bin/env bun\s+)?bun-lockfile-format-v"),
        "a bun.lockb is binary, and no other program reads it: 'bun install --save-text-lockfile"
        " --frozen-lockfile --lockfile-only' writes a bun.lock, which is read",
    ),
    _Near(
        "package.json",
        re.compile(
            rb'\s*\{(?![\s\S]*"lockfileVersion")[\s\S]*"(?:d|devD|peerD|optionalD)ependencies"\s*:\s*\{\s*"[^"]*"\s*:\s*"'
        ),
        "a package.json says what is wanted, not what is installed: 'npm install --package-lock-only'"
        " writes a package-lock.json",
    ),
    _Near(
        "pyproject.toml",
        re.compile(rb"(?:[\s\S]*\n)?\[(?:project|build-system|tool\.poetry)\]"),
        "a pyproject.toml says what is wanted, not what is installed: 'uv lock' writes a uv.lock",
    ),
    _Near(
        "Pipfile",
        re.compile(rb"(?:[\s\S]*\n)?\[(?:\[source\]|dev-packages)\]"),
        "a Pipfile says what is wanted, not what is installed: 'pipenv lock' writes a Pipfile.lock",
    ),
    _Near(
        "Gemfile",
        re.compile(rb"(?:[\s\S]*\n)?\s*source ['\"]https?://"),
        "a Gemfile says what is wanted, not what is installed: 'bundle lock' writes a Gemfile.lock",
    ),
    _Near(
        "Cargo.toml",
        re.compile(rb"(?:[\s\S]*\n)?\[(?:package|workspace|dependencies)\]"),
        "a Cargo.toml says what is wanted, not what is built: 'cargo generate-lockfile' makes a Cargo.lock",
    ),
    _Near(
        "",
        re.compile(rb'[\s\S]{0,300}xmlns="http://cyclonedx\.org/schema/bom'),
        "CycloneDX is read as JSON alone: 'cyclonedx convert --output-format json' makes that of it",
    ),
    _Near("", re.compile(rb"\s*SPDXVersion:"), "SPDX is read as JSON alone, not as tags and values"),
)


def near(path: str, data: bytes) -> str:
    """Say what a file is that no reader takes, and what to do; empty where that is not known."""
    name, head = path.rpartition("/")[2], data[:HEAD]
    for one in _ALL:
        if (one.name and name == one.name) or one.looks.match(head):
            return one.hint
    return ""
