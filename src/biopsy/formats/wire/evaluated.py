"""The type of an evaluated text in the JSON form, and how it is made."""

from typing import Annotated, Literal, cast

from msgspec import Meta, Struct

from biopsy.formats.wire.scalar import text
from biopsy.model.behaviour import InTrace
from biopsy.model.run import LANGUAGES, Evaluated

Language = Literal["python", "javascript", "php", "ruby"]


class EvaluatedDocument(Struct, frozen=True, kw_only=True):
    """Code that was made while the package ran, and evaluated: the payload as it was unpacked."""

    id: Annotated[str, Meta(description="First 16 digits of the sha256 of the text.")]
    path: Annotated[str, Meta(description="Where behaviours that were read in it stand.")]
    evaluator: Annotated[str, Meta(description="exec, eval, Function, vm.runInNewContext, program, …")]
    language: Language
    text: str
    complete: Annotated[bool, Meta(description="False: cut, or without its source.")]
    size: Annotated[int, Meta(ge=0, description="Bytes, of the whole.")]
    place: Annotated[str, Meta(description="`profile/phase#seq` of its `code.eval`.")]
    process: Annotated[int | None, Meta(description="The id of one of `processes`.")]
    caller: Annotated[str, Meta(description="`file:line` that evaluated it, as the interpreter said.")]
    parent: Annotated[str, Meta(description="The id of the text that evaluated it; else empty.")]


def evaluated(one: Evaluated) -> EvaluatedDocument:
    """From the model to the wire."""
    return EvaluatedDocument(
        id=text(one.id),
        path=text(one.path),
        evaluator=text(one.evaluator),
        language=cast("Language", one.language if one.language in LANGUAGES else "python"),
        text=text(one.text),
        complete=one.complete,
        size=min(max(one.size, 0), 2**53 - 1),
        place=text(str(InTrace(one.phase, one.seq, one.profile))),
        process=one.process,
        caller=text(one.caller),
        parent=text(one.parent),
    )
