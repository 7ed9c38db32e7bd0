"""The messages of gVisor's remote sink that we ask for, as far as we read them.

Own definitions of the wire format, from its documentation and from records: field numbers and types. Strings
are declared as bytes: what a program calls its files need not be UTF-8, and must not fail the parser.
https://gvisor.dev/docs/user_guide/runtime_monitor/
"""

from typing import Any, Final, cast

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

_Pb: Any = descriptor_pb2  # its classes exist at run time only
Field = _Pb.FieldDescriptorProto

_MESSAGES: Final = {
    "Context": "1 time int64, 2 thread int32, 4 process int32",
    "Exit": "1 result int64, 2 error int64",
    "Start": "1 context Context, 3 cwd bytes, 4 argv bytes*",
    "Clone": "1 context Context, 3 child_thread int32, 4 child_process int32",
    "Exec": "1 context Context, 2 binary bytes, 3 argv bytes*, 4 env bytes*",
    "End": "1 context Context, 2 status int32",
    "Raw": "1 context Context, 2 exit Exit, 4 number uint64, 5 a uint64, 6 b uint64, 7 c uint64, 8 d uint64,"
    " 9 e uint64",
    "Open": "1 context Context, 2 exit Exit, 5 folder bytes, 6 path bytes, 7 flags uint32",
    "Close": "1 context Context, 4 fd int64, 5 path bytes",
    "Connect": "1 context Context, 6 address bytes",
    "Bind": "1 context Context, 2 exit Exit, 4 fd int32, 6 address bytes",
    "Try": "1 context Context, 2 exit Exit, 5 folder bytes, 6 path bytes, 7 argv bytes*",
    "Chdir": "1 context Context, 2 exit Exit, 5 folder bytes, 6 path bytes",
}

NUMBERS: Final = {
    1: "Start",
    2: "Clone",
    3: "Exec",
    4: "End",
    5: "End",
    6: "Raw",
    7: "Open",
    8: "Close",
    10: "Connect",
    11: "Try",
    13: "Chdir",
    24: "Bind",
}
"""Which message a record of a type holds."""

_SCALARS: Final = {
    "int32": Field.TYPE_INT32,
    "int64": Field.TYPE_INT64,
    "uint32": Field.TYPE_UINT32,
    "uint64": Field.TYPE_UINT64,
    "bytes": Field.TYPE_BYTES,
}


def _field(message: Any, text: str) -> None:
    number, name, kind = text.split()
    field = message.field.add(name=name, number=int(number), label=Field.LABEL_OPTIONAL)
    if kind.endswith("*"):
        kind, field.label = kind[:-1], Field.LABEL_REPEATED
    if kind in _SCALARS:
        field.type = _SCALARS[kind]
    else:
        field.type, field.type_name = Field.TYPE_MESSAGE, f".biopsy.trace.{kind}"


def _classes() -> dict[str, Any]:
    file = _Pb.FileDescriptorProto(name="biopsy/trace.proto", package="biopsy.trace", syntax="proto3")
    for name, fields in _MESSAGES.items():
        message = file.message_type.add(name=name)
        for text in fields.split(","):
            _field(message, text)
    pool: Any = cast("Any", descriptor_pool).DescriptorPool()
    pool.Add(file)
    factory: Any = message_factory
    return {
        name: factory.GetMessageClass(pool.FindMessageTypeByName(f"biopsy.trace.{name}"))
        for name in _MESSAGES
    }


MESSAGES: Final = _classes()
"""The message classes by name."""
