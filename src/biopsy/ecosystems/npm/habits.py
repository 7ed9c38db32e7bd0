"""How names of JavaScript packages are made out of others."""

from biopsy.ecosystems.names.words import Habits

_OF_NODE = """
    async_hooks cluster console constants dgram diagnostics_channel dns domain fs http http2 inspector module
    perf_hooks repl sys tls trace_events tty v8 vm wasi worker_threads
    """.split()  # noqa: SIM905 - words are easier to read than a list of them
"""Modules of Node whose names are those of no package in wide use."""

HABITS = Habits(
    languages=frozenset(
        {"js", "node", "nodejs", "javascript", "npm", "ts", "typescript", "es", "esm", "cjs"}
    ),
    fused_before=("node",),
    fused_behind=("js", "node", "lib", "sdk"),
    code=(".js", ".mjs", ".cjs", ".jsx", ".ts", ".tsx", ".mts", ".cts", ".node"),
    holding="-security",
    install=(r"npm (?:install|i|add)", r"yarn add", r"pnpm (?:add|install|i)", r"bun add"),
    modules=dict.fromkeys(_OF_NODE, "node"),
)
