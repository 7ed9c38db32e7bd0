"""What the interpreter keeps instead of making it again."""

from biopsy.static.code import ir
from biopsy.static.code.value import CLEAN, Value, merge, taints, union
from biopsy.static.python.late import parsed


def test_a_body_is_lowered_once_and_what_lowers_it_is_let_go() -> None:
    made: list[int] = []

    def lower() -> list[ir.Stmt]:
        made.append(1)
        return [ir.Block([])]

    body = ir.Once(lower)
    assert body() is body()
    assert made == [1]


def test_one_taint_that_is_all_is_not_copied() -> None:
    one = frozenset({"network"})
    assert union([CLEAN, one, CLEAN]) is one
    assert taints([Value(taint=one), Value(items=[Value(taint=frozenset({"data"}))])]) == {"network", "data"}
    assert union([]) is CLEAN


def test_of_several_values_the_one_that_says_most_is_kept() -> None:
    held = Value(fields={"a": Value()})
    merged = merge([Value(("x",), "os"), held, Value(items=[])])
    assert merged.fields is held.fields
    assert merged.consts == ("x",)
    assert not merged.ref


def test_lines_that_waited_keep_their_numbers() -> None:
    assert [node.lineno for node in parsed("    x = 1\n    y = 2\n", 7)] == [7, 8]
    assert parsed("    x = 1\n", 2)[0].lineno == 2
