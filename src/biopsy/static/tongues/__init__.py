"""Languages that are read by their tables: a grammar of tree-sitter and one data file each.

A data file says which shapes the grammar's nodes have (`nodes`), what the library's functions do (`calls`),
what its values are (`values`), and when code runs by itself (`runs`). `shapes` lowers by it to `code.ir`,
`library` is the language that the interpreter of `code` asks. A new language is one new `.yml` here and its
grammar among the dependencies.
"""
