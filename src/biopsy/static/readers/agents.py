"""Text that speaks to coding agents: instructions that a package brings, and orders hidden in documents."""

import re
from collections.abc import Iterator

from biopsy.model.behaviour import Kind
from biopsy.model.regex import regex
from biopsy.static import commands
from biopsy.static.sight import Sight, Source

NAME = "agents"
MAX_TEXT = 512 * 1024
MAX_BLOCKS = 60  # commands of one document

_FILES = regex(
    r"(?i)(?:^|/)(?:CLAUDE(?:\.local)?\.md|AGENTS?\.md|GEMINI\.md|SKILL\.md|\.cursorrules"
    r"|\.windsurfrules|\.clinerules"
    r"|\.rules|llms(?:-full)?\.txt|\.github/(?:copilot-instructions\.md|(?:prompts|instructions"
    r"|agents)/[^/]+)"
    r"|\.cursor/(?:rules|commands)/[^/]+|\.claude/(?:agents|commands|skills|hooks|rules)/.+"
    r"|\.windsurf/rules/[^/]+"
    r"|\.kiro/(?:steering|hooks)/[^/]+|\.roo/.+|\.continue/(?:rules|prompts)/[^/]+|\.junie/guidelines\.md"
    r"|\.codex/prompts/[^/]+|\.gemini/commands/[^/]+|\.amazonq/rules/[^/]+|CONVENTIONS\.md)$"
)
_DOCUMENTS = regex(r"(?i)(?:^|/)(?:readme[^/]*|[^/]+\.(?:md|mdx|mdc|rst|txt|html))$")
_ORDERS = (
    ("override", regex(
        r"(?i)\b(?:ignore|disregard|forget|override)\s+(?:all\s+|any\s+|your\s+|the\s+|everything\s+){0,3}"
        r"(?:previous|prior|above|earlier|preceding|system|before)\b[^.\n]{0,40}(?:instruction|prompt"
            r"|rule|guideline|message|context)"
    )),
    ("secrecy", regex(
        r"(?i)\b(?:do\s+not|don't|never|without)\s+(?:tell(?:ing)?|inform(?:ing)?|mention(?:ing)?"
            r"|reveal(?:ing)?|ask(?:ing)?|"
        r"notify(?:ing)?|alert(?:ing)?|show(?:ing)?)\s+(?:this\s+|it\s+"
            r"|anything\s+)?(?:to\s+)?(?:the\s+)?(?:user|developer|human|operator)"
    )),
    ("impersonate", regex(r"(?i)<\|?(?:im_start|system)\|?>|\[/?INST\]|<(?:system|important"
        r"|hidden)[ _-]?(?:prompt|reminder|instructions?)>")),
    ("collect", regex(
        r"(?i)\b(?:read|cat|collect|send|upload|include|copy|exfiltrate|print)\b[^.\n]{0,80}(?:~/\.ssh"
            r"|\.aws/credentials|id_rsa|\.env\b"
        r"|\.npmrc|environment\s+variables|api\s+keys?|credentials|private\s+keys?|seed\s+phrase)"
    )),
)  # fmt: skip
_COMMENT = regex(r"<!--(.{20,4000}?)-->", re.DOTALL)
_FENCED = regex(
    r"(?m)^\s*(?:```\s*(?:bash|sh|shell|zsh|console|powershell)?\s*\n(.{1,4000}?)^\s*```|!`([^`\n]{1,500})`)",
    re.DOTALL,
)
_SPOKEN = regex(r"(?i)\b(?:AI|LLM|agent|assistant|model|claude|copilot|cursor|gemini|gpt)\b")


def wants(source: Source) -> bool:
    """What agents read as orders, and documents."""
    if source.depth or source.language or len(source.data) > MAX_TEXT or source.binary:
        return False
    return bool(_FILES.search(source.path) or _DOCUMENTS.search(source.path))


def read(source: Source) -> Iterator[Sight]:
    """Yield what is ordered. In mere documents only what is hidden or speaks to a machine counts."""
    text = source.text
    if not _FILES.search(source.path):
        hidden = [(m.start(1), m[1]) for m in _COMMENT.finditer(text)] if "<!--" in text else []
        for at, comment in hidden:
            for words, order in _ORDERS:
                if order.search(comment) and (words in {"override", "secrecy"} or _SPOKEN.search(comment)):
                    yield source.see(Kind.TEXT_AGENT, f"{words} hidden", source.line_at(at), detail=comment)
        return
    yield source.see(Kind.TEXT_AGENT, f"instructions {source.path}")
    for words, order in _ORDERS:
        if match := order.search(text):
            yield source.see(Kind.TEXT_AGENT, words, source.line_at(match.start()), detail=match[0])
    for count, match in enumerate(_FENCED.finditer(text)):
        if count >= MAX_BLOCKS:
            return
        line = source.line_at(match.start())
        for kind, value in commands.read(match[1] or match[2] or ""):
            if value == "network > execution" or kind is Kind.PROCESS_DOES:
                yield source.see(Kind.TEXT_AGENT, f"run-command {value}", line)
