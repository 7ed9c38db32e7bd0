"""How names of crates are made out of others."""

from biopsy.ecosystems.names.words import Habits

HABITS = Habits(
    languages=frozenset({"rs", "rust", "cargo", "crate", "rustlang"}),
    fused_before=("rust",),
    fused_behind=("rs", "rust", "sys", "lib"),
    code=(".rs",),
    install=(r"cargo (?:add|install)", r"cargo binstall"),
)
