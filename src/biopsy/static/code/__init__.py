"""One abstract interpreter for all languages.

A language is a lowering from its syntax to `ir`, and a library: what its functions do, by dotted name.
The interpreter follows constants, aliases and tainted values through both, and tells what it sees.
"""
