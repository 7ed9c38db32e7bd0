"""`biopsy rules`: what is looked for, and the proof that it is found."""

from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from biopsy.cli.complete import rule_ids
from biopsy.cli.options import form_option, rules_option
from biopsy.cli.teach import TaughtGroup
from biopsy.errors import UsageError
from biopsy.formats.views.visible import visible

if TYPE_CHECKING:
    from biopsy.detect import Rule


RULES = """
Examples
  biopsy rules list --status draft             what is not proven yet
  biopsy rules show exfil/keys-pushed          one, with its examples
  biopsy rules test --rules my-rules/          do the examples of one's own hold?
"""


@click.group("rules", cls=TaughtGroup, epilog=RULES)
def command() -> None:
    """List, show and test the rules that judge behaviours."""


@command.command("list")
@rules_option
@click.option("--status", type=click.Choice(("draft", "stable", "retired")), help="Only these.")
@form_option
def list_(rules: Path | None, status: str | None, form: str) -> None:
    """List all rules: what each looks for, how bad and how sure it is, and whether it decides on its own."""
    from biopsy import detect  # noqa: PLC0415 - slow to import, and --help is not

    found = [rule for rule in detect.load(rules) if status in (None, rule.status)]
    if form == "json":
        _print_json(found)
        return
    width = max((len(rule.id) for rule in found), default=0)
    for rule in found:
        mark = "●" if rule.convicts else "○" if rule.status == "stable" else "·"
        levels = f"{rule.severity}/{rule.confidence}"
        words = (mark, f"{rule.id:{width}}", f"{levels:13}", rule.title, " ".join(rule.attack))
        click.echo(visible(" ".join(words)))
    examples = sum(len(rule.examples) for rule in found)
    click.echo(f"\n{len(found)} rules with {examples} examples; ● decides on its own, · is a draft")


def _print_json(rules: "list[Rule]") -> None:
    import msgspec  # noqa: PLC0415

    names = ("id", "title", "status", "severity", "confidence", "category", "attack", "convicts", "why")
    listed = [{name: getattr(rule, name) for name in names} for rule in rules]
    click.echo(msgspec.json.format(msgspec.json.encode(listed), indent=2).decode())


@command.command("show")
@click.argument("rule_id", metavar="RULE", shell_complete=rule_ids)
@rules_option
def show(rule_id: str, rules: Path | None) -> None:
    """Print one rule as it is written, with its examples."""
    from biopsy import detect  # noqa: PLC0415

    known = {rule.id: rule for rule in detect.load(rules)}
    if rule_id not in known:
        near = [name for name in known if rule_id in name]
        hint = f"; did you mean {', '.join(near[:3])}?" if near else ""
        raise UsageError(f"no such rule: {rule_id}{hint} (biopsy rules list)")
    click.echo(visible(known[rule_id].text.rstrip("\n"), lines=True))


@command.command("test")
@rules_option
@click.option("--quiet", "-q", is_flag=True, help="Only what fails.")
def test(rules: Path | None, quiet: bool) -> int:  # noqa: FBT001
    """Load every rule and try every example. Exit status 1: one of them does not hold.

    With the rules that come with biopsy, so are the classes that stand on them.
    """
    from biopsy import detect  # noqa: PLC0415

    loaded = detect.load(rules)
    tried = detect.check(loaded)
    classed = detect.check_classes(loaded) if rules is None else []
    for one in tried:
        if not one.passed:
            wanted = "match" if one.example.match else "no match"
            click.echo(visible(f"{one.rule.id}: {one.example.name!r}: wanted {wanted}"))
    for given in classed:
        if not given.passed:
            wanted = "match" if given.example.match else "no match"
            click.echo(visible(f"class {given.name}: {given.example.name!r}: wanted {wanted}"))
    failed = sum(not one.passed for one in tried) + sum(not given.passed for given in classed)
    if failed or not quiet:
        classes = f" and {len(detect.classes())} classes" if classed else ""
        examples = len(tried) + len(classed)
        click.echo(f"{len(loaded)} rules{classes}, {examples} examples, {failed or 'none'} failed")
    return 1 if failed else 0
