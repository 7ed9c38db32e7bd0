"""Canaries: planted credentials of valid form, unique to a run. Seeing one leave is proof."""

from biopsy.errors import SandboxError
from biopsy.sandbox.canary_forms import FORMS
from biopsy.sandbox.profile import Profile
from biopsy.sandbox.raw import Canary


def plant(seed: bytes, profile: Profile) -> tuple[Canary, ...]:
    """Make every canary that `profile` has a place for; the same seed gives the same ones.

    `path` is the first file and `env` the first variable that holds it.
    """
    stream, made = profile.stream(seed), []
    paths, variables = profile.places(seed)
    for name, form in profile.canaries.items():
        if form not in FORMS:
            raise SandboxError(f"profile {profile.name} wants a canary of an unknown form: {form}")
        secret, text = FORMS[form](stream, f"canary {name}")
        made.append(
            Canary(name, secret, paths.get(name, ""), variables.get(name, ""), "" if text == secret else text)
        )
    return tuple(made)
