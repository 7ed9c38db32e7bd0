"""Badges: two words on a coloured ground, as SVG without script, style or anything from elsewhere."""

from html import escape

from biopsy.formats.views.visible import visible

SAID = {
    "malicious": ("malicious", "#b3142f"),
    "suspicious": ("suspicious", "#9a5b00"),
    "benign": ("nothing found", "#256b3f"),
    "unknown": ("undecided", "#57606a"),
    "unjudged": ("not judged", "#57606a"),
    "": ("not analysed", "#57606a"),
}
"""What a badge says of a verdict, on which ground; white stands out on each by 4.5 : 1 (WCAG 2.2, 1.4.3)."""

LEFT = "#3b3f46"
_WIDE = frozenset("mwMW@%")
_THIN = frozenset("iljt.,:;'|!()[] ")


def badge(label: str, call: str) -> str:
    """The badge of a verdict, with a word before it."""
    word, ground = SAID.get(call, SAID[""])
    left = visible(label, limit=40)
    one, other = _length(left) + 14, _length(word) + 14
    whole, said = one + other, escape(f"{left}: {word}")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{whole}" height="20" role="img" aria-label="{said}">'
        f'<title>{said}</title><clipPath id="r"><rect width="{whole}" height="20" rx="4"/></clipPath>'
        f'<g clip-path="url(#r)"><rect width="{one}" height="20" fill="{LEFT}"/>'
        f'<rect x="{one}" width="{other}" height="20" fill="{ground}"/></g>'
        '<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11" text-anchor="middle">'
        f'<text x="{one / 2:g}" y="14" textLength="{one - 14}">{escape(left)}</text>'
        f'<text x="{one + other / 2:g}" y="14" textLength="{other - 14}">{escape(word)}</text></g></svg>'
    )


def _length(text: str) -> int:
    """About how wide a text is in Verdana of 11 pixels."""
    return max(round(sum(10 if c in _WIDE else 4 if c in _THIN else 7 for c in text)), 7)
