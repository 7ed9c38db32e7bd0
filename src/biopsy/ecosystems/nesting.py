"""Whether YAML that somebody else wrote is nested deeper than a parser of trees may be asked to follow.

PyYAML's parser in C makes trees by recursion without a limit: some ten thousand brackets end the process,
which no `except` catches. The events beneath it keep their own stack, so depth is counted there first.
"""

MAX_DEPTH = 200
"""Most levels of lists and mappings; gemspecs and actions have fewer than ten."""


def too_deep(text: str) -> bool:
    """Say whether a text is nested deeper than MAX_DEPTH; raises yaml.YAMLError where it is no YAML."""
    import yaml  # noqa: PLC0415 - only who reads YAML needs it

    depth = 0
    for event in yaml.parse(text, Loader=getattr(yaml, "CBaseLoader", yaml.BaseLoader)):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                return True
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
    return False
