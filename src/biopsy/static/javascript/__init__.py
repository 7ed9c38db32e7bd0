"""JavaScript and TypeScript: lowering of their syntax, and what Node's and browsers' libraries do."""
