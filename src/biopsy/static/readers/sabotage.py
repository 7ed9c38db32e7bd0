"""Programs that are ended by chance after a day that is written in the code: in few lines, close together."""

from collections.abc import Iterator

from biopsy.model.behaviour import Kind
from biopsy.model.regex import regex
from biopsy.static.sight import Sight, Source

NAME = "sabotage"
MAX_TEXT = 2 * 1024**2
MAX_ENDS = 50  # places of one file where something is ended
NEAR = 1500  # characters around one in which the day and the chance stand

_ENDS = regex(
    r"GetCurrentProcess\(\)\.Kill\(|\bEnvironment\.(?:FailFast|Exit)\(|\bRuntime\.getRuntime\(\)\.halt\("
    r"|\bSystem\.exit\(|\bos\._exit\(|\bos\.(?:abort|Exit)\(|\bprocess\.(?:abort|exit|kill)\(|\bProcess\.(?:exit!|abort)"
    r"|\bstd::process::(?:exit|abort)\(|\bprocess::(?:exit|abort)\("
)
_WORDS = (b"Kill(", b"xit(", b"xit!", b"abort", b"halt(", b"FailFast")
_YEARS = (b"202", b"203", b"204")
_YEAR = regex(r"20[2-4]\d\s*[,-]")  # what every day below holds, and is found fast
_DAY = regex(
    r"(?:DateTime(?:Offset)?|LocalDate(?:Time)?|Date|datetime|date|Time|NaiveDate)\b[\w.:]{0,24}\(\s*['\"]?20[2-4]\d\s*[,-]"
)
_CHANCE = regex(
    r"\.Next(?:Double|Int64|Single)?\(|\.next(?:Int|Double)\(|\brandom\.(?:random|randint|randrange)\(|\bMath\.random\("
    r"|\brand\.(?:Intn|Float64)\(|\brand(?:_int)?\(|\brand::|\.gen_(?:range|bool)\("
)


def wants(source: Source) -> bool:
    """Code of any language that ends a program."""
    if not source.language or source.binary or len(source.data) > MAX_TEXT:
        return False
    data = source.data
    return any(year in data for year in _YEARS) and any(word in data for word in _WORDS)


def read(source: Source) -> Iterator[Sight]:
    """Yield where a program is ended, a day to come is looked at, and chance decides, all close together."""
    text = source.text
    if not _YEAR.search(text):
        return
    for count, match in enumerate(_ENDS.finditer(text)):
        if count >= MAX_ENDS:
            return
        around = text[max(0, match.start() - NEAR) : match.end() + NEAR]
        if _DAY.search(around) and _CHANCE.search(around):
            yield source.see(Kind.PROCESS_DOES, "ends-by-chance after-a-day", source.line_at(match.start()))
