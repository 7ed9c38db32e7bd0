"""How names of JavaScript packages are made out of others."""

from biopsy.ecosystems.names.words import Habits

HABITS = Habits(
    languages=frozenset(
        {"js", "node", "nodejs", "javascript", "npm", "ts", "typescript", "es", "esm", "cjs"}
    ),
    fused_before=("node",),
    fused_behind=("js", "node", "lib", "sdk"),
    code=(".js", ".mjs", ".cjs", ".jsx", ".ts", ".tsx", ".mts", ".cts", ".node"),
    holding="-security",
    install=(r"npm (?:install|i|add)", r"yarn add", r"pnpm (?:add|install|i)", r"bun add"),
)
