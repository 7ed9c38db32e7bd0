"""Python: lowering of its syntax, and what its libraries do."""
