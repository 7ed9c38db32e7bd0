"""How an ecosystem's people make names out of other names."""

from collections.abc import Mapping

from msgspec import Struct, field

COMMON = frozenset(
    """
    api app async beta bot build cli client clone code common config core data dev developer devkit extra
    extras fast free helper helpers home kit latest lib library lite main manager master max mini module
    new next ng now official online package patch patched plugin plus premium pro project provider release
    run sdk secure service setup simple stable starter support test testing toolkit tool tools update
    updated updater upgrade util utils v1 v2 v3 v4 web wrapper x
    """.split()  # noqa: SIM905 - words are easier to read than a list of them
)
"""Words that are put before or behind the name of something else."""


class Habits(Struct, frozen=True):
    """What is particular to the names of one ecosystem.

    `languages` are words that say which language or registry something is for, and that people add, leave out
    and exchange (`python-x`, `py-x`, `x-js`). `fused` are those that are also put on without a separator.
    `code` are the endings of files with code. `modules` are what one imports under a name that is that of no
    package in wide use, and what brings them.
    """

    languages: frozenset[str] = frozenset()
    fused_before: tuple[str, ...] = ()
    fused_behind: tuple[str, ...] = ()
    code: tuple[str, ...] = ()
    holding: str = ""  # how a version ends which the registry itself put in the place of a removed package
    modules: Mapping[str, str] = field(default_factory=dict)
    install: tuple[str, ...] = ()  # how a README says that one installs something: a regular expression each


INTERNAL = frozenset(
    """
    companyinternal corp corporate inhouse infosec intern internal internals intranet onprem private
    privatepkg proprietary
    """.split()  # noqa: SIM905
)
"""Words that names of packages have which were never meant for a public registry."""
