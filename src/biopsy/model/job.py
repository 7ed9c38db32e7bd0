"""Job: one thing that a worker is to do, once."""

from enum import StrEnum

from msgspec import Struct

from biopsy.model.release import Release


class Lane(StrEnum):
    """Who waits for a job: what a person asked for goes first, then what has just come out, then lists."""

    MANUAL = "manual"
    REALTIME = "realtime"
    BATCH = "batch"


class Depth(StrEnum):
    """How far an analysis goes."""

    STATIC = "static"  # only read
    FULL = "full"  # read and run


class Job(Struct, frozen=True):
    """An artifact to analyse; without a version: a package to look at, whose new releases become jobs.

    The same (ecosystem, name, version, digest) is a job once, whoever asks for it and how often.
    `digest` is `algorithm:hex` as the registry says, and empty where it was not asked yet: then the
    artifact that an install takes is meant. In one lane what has a higher `priority` goes first.
    """

    release: Release
    digest: str = ""
    filename: str = ""
    lane: Lane = Lane.REALTIME
    depth: Depth = Depth.FULL
    priority: int = 0
    why: str = ""  # who asked: `feed pypi/changelog`, `enqueue by NAME`, `guard`
    published: str = ""  # RFC 3339: from then on the time to a verdict counts
