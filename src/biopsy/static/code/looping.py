"""Loops: item by item where the items are known, while a condition is known to hold, else once."""

from collections.abc import Iterator

from biopsy.static.code import fold, ir
from biopsy.static.code.state import MAX_LOOP, MAX_LOOPS, State
from biopsy.static.code.value import HOLE, MAX_CONSTS, Value, merge, unknown

MAX_WHILE = 2000  # repetitions of a loop whose condition is known each time
MAX_WHILE_STEPS = 12_000  # steps of these
MAX_REPEATED = 24_000  # steps of all such loops of a file


_ITERATED = ("__iter__", "__aiter__", "Symbol.iterator")


class Looping(State):
    """Runs loops."""

    def loop(self, node: ir.For) -> None:
        """Run a loop."""
        over = self.opened(self.evaluate(node.iterable))
        if node.target is None:
            self.execute(node.body)
            if not isinstance(node.iterable, ir.Const | ir.Name | ir.Attr):
                self._again(node)
            return
        for element in self.elements(over, keys=node.keys):
            self.assign(node.target, _key(element) if node.keys and not element.consts else element)
            self.execute(node.body)

    def _again(self, node: ir.For) -> None:
        """Repeat a loop for as long as its condition is known to hold, and not for too long."""
        before = self.steps
        least = before - min(MAX_WHILE_STEPS, MAX_REPEATED - self.repeated, before // 4)
        for _ in range(MAX_WHILE):
            test = self.evaluate(node.iterable)
            known = len(test.consts) == 1 and not test.taint and test.consts[0] and test.text() != HOLE
            if not known or self.steps < least or self.loops >= MAX_LOOPS:
                break
            self.loops += 1
            self.execute(node.body)
        self.repeated += before - self.steps

    def comprehension(self, node: ir.Comp) -> Value:
        """What a comprehension gives, item by item where they are known."""
        over = self.evaluate(node.iterable)
        values = []
        for element in self.elements(over):
            self.assign(node.target, element)
            for condition in node.conditions:
                self.evaluate(condition)
            values.append(self.evaluate(node.element))
        return Value(items=values, taint=over.taint & frozenset(t for v in values for t in v.taint))

    def elements(self, over: Value, *, keys: bool = False) -> Iterator[Value]:
        """What a loop over a value meets: every item where they are known, else one that stands for all."""
        over = self.iterated(over)
        known = fold.items(over, keys=keys)
        if known is None or not known or len(known) > MAX_LOOP or self.loops + len(known) > MAX_LOOPS:
            yield merge(known[:MAX_CONSTS]) if known else unknown(over)
            return
        self.loops += len(known)
        yield from tuple(known)  # the body may add to the list

    def iterated(self, over: Value) -> Value:
        """What an object gives that says itself what a loop over it meets; any other value is itself."""
        for name in _ITERATED if over.made and over.fields else ():
            held = (over.fields or {}).get(name)
            if held is not None and held.func is not None and not held.func.active:
                return self.enter(held.func, [], {}, over)
        return over


def _key(element: Value) -> Value:
    """A name of something whose names are not known, as far as that goes."""
    return Value(taint=frozenset(f"keys {t}" for t in element.taint))
