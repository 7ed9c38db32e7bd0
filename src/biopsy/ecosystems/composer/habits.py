"""How names of PHP packages are made out of others."""

from biopsy.ecosystems.names.words import Habits

HABITS = Habits(
    languages=frozenset({"php", "php8", "composer", "packagist"}),
    fused_before=("php",),
    fused_behind=("php", "lib", "sdk", "bundle"),
    code=(".php", ".inc", ".phtml", ".php5", ".php7", ".phps", ".phar"),
    install=(r"composer (?:global )?require", r"composer create-project"),
)
