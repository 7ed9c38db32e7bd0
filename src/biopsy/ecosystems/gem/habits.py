"""How names of Ruby gems are made out of others."""

from biopsy.ecosystems.names.words import Habits

HABITS = Habits(
    languages=frozenset({"ruby", "rb", "gem", "rubygem", "rails", "rack", "mri", "jruby"}),
    fused_before=("ruby",),
    fused_behind=("rb", "ruby"),
    code=(".rb", ".rake", ".gemspec", ".ru", ".so", ".c"),
    install=(r"gem install", r"bundle add", r"gem"),
)
