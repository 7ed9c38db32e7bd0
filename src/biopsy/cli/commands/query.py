"""`biopsy query`: ask everything that is kept, in SQL."""

import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click
from click.shell_completion import CompletionItem

from biopsy.cli.asking import pack_first, write_lines
from biopsy.cli.home import default_home, home_option
from biopsy.cli.options import plain_option, quiet_option
from biopsy.cli.teach import Taught, grouped
from biopsy.errors import UsageError

if TYPE_CHECKING:
    from biopsy.warehouse.query import Answer, Desk

FORMS = ("table", "csv", "json", "jsonl", "parquet")
ON_SCREEN = 100

EXAMPLES = """
Examples
  biopsy query --list                                saved questions, tables and views
  biopsy query malicious-lately -p days=2            a saved question, with a value
  biopsy query "FROM rare_hosts WHERE contacted"     SQL of your own (DuckDB's)
  biopsy query "DESCRIBE behaviours"                 which columns there are
  biopsy query rule-yield -o rules.csv               csv, json, jsonl or parquet, as FILE ends
  biopsy query time-to-verdict --chart line          drawn in the terminal
  biopsy query "SELECT kind, count(*) FROM behaviours GROUP BY kind" --save kinds

A question is one SELECT. It reads what biopsy keeps and no other file, writes
nothing, and ends after --timeout. What has landed since is packed first.
"""

_PANELS = {
    "Question": ("--param", "--list", "--save"),
    "Answer": ("--format", "--output", "--limit", "--chart", "--no-color"),
    "Limits": ("--timeout", "--memory", "--no-pack"),
}


def _offered(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    from biopsy.warehouse import saved  # noqa: PLC0415 - not needed for --help

    home = Path(ctx.params.get("home") or default_home())
    return [
        CompletionItem(one.name, help=one.title)
        for one in saved.every(home)
        if one.name.startswith(incomplete)
    ]


def _values(_ctx: click.Context, _param: click.Parameter, given: Sequence[str]) -> dict[str, str]:
    odd = [text for text in given if "=" not in text]
    if odd:
        raise click.BadParameter(f"{odd[0]!r} is not NAME=VALUE")
    return {name: value for name, _, value in (text.partition("=") for text in given)}


@click.command("query", cls=Taught, epilog=EXAMPLES, context_settings=grouped(_PANELS))
@click.argument("question", required=False, shell_complete=_offered)
@click.option(
    "--param",
    "-p",
    "values",
    multiple=True,
    metavar="NAME=VALUE",
    callback=_values,
    help="What stands for $NAME.",
)
@click.option("--list", "listed", is_flag=True, help="Saved questions, and what can be asked.")
@click.option("--save", metavar="NAME", help="Save the question under this name, then answer it.")
@click.option("--format", "-f", "form", type=click.Choice(FORMS), help="Default: table, or as FILE ends.")
@click.option(
    "--output", "-o", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Write there."
)
@click.option("--limit", type=click.IntRange(0), help=f"Most rows; 0: all. Default: {ON_SCREEN} of a table.")
@click.option("--chart", type=click.Choice(("bar", "line")), help="Draw the last column of numbers.")
@click.option("--timeout", type=click.FloatRange(0.1), default=60.0, metavar="SECONDS", help="Default: 60.")
@click.option("--memory", default="2GB", metavar="SIZE", help="Most memory; more goes to disk. Default: 2GB.")
@click.option("--no-pack", is_flag=True, help="Leave out what has landed and is not packed yet.")
@home_option
@quiet_option
@plain_option
def command(question: str | None, home: Path, listed: bool, **options: Any) -> None:  # noqa: FBT001
    """Ask everything that is kept, in SQL: behaviours, findings, verdicts, hosts, phases, files.

    QUESTION is SQL, the name of a saved question, or - to read SQL from standard input.
    """
    if listed or question is None:
        _list(home)
        return
    from biopsy.cli.output import coloured  # noqa: PLC0415 - slow to import, and --help is not
    from biopsy.warehouse import saved  # noqa: PLC0415
    from biopsy.warehouse.query import Desk, Limits  # noqa: PLC0415

    sql, values = _sql(home, question, options["values"])
    if options["save"]:
        saved.keep(home, options["save"], sql)
    if not options["no_pack"]:
        pack_first(home, quiet=options["quiet"])
    colour = not options["plain"] and coloured()
    with Desk(home / "warehouse", Limits(options["timeout"], _size(options["memory"]))) as desk:
        _answer(desk, sql, values, {**options, "colour": colour})


def _sql(home: Path, question: str, given: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    from biopsy.warehouse import saved  # noqa: PLC0415
    from biopsy.warehouse.query import MAX_SQL  # noqa: PLC0415

    if question == "-":
        return sys.stdin.read(MAX_SQL + 1), dict(given)
    if not saved.NAME.fullmatch(question):
        return question, dict(given)
    found = saved.find(home, question)
    strange = sorted(set(given) - set(found.values)) if found.values else sorted(given)
    if strange and not found.own:
        there = ", ".join(found.values) or "none"
        raise UsageError(f"{question} leaves no ${strange[0]} open (there is: {there})")
    return found.sql, {**found.values, **given}


def _size(text: str) -> str:
    from biopsy.model.regex import regex  # noqa: PLC0415

    if not regex(r"\d{1,6}(?:\.\d{1,3})? ?(?:[KMGT]i?B|%)").fullmatch(text):
        raise UsageError(f"no size: {text!r} (for example 512MB, 2GB)")
    return text


def _answer(desk: "Desk", sql: str, values: Mapping[str, str], options: Mapping[str, Any]) -> None:
    from biopsy.warehouse import results  # noqa: PLC0415

    output: Path | None = options["output"]
    form = options["form"] or (output and results.form_of(output)) or "table"
    if form == "parquet":
        if output is None:
            raise UsageError("parquet is no text: say where it goes, with --output FILE")
        desk.save(sql, output, values)
        return
    answer = desk.ask(sql, values)
    if options["chart"]:
        write_lines([f"{line}\n".encode() for line in _chart(answer, options)], output)
    elif form == "table":
        _table(answer, options["limit"], output, colour=options["colour"])
    else:
        write_lines(results.STREAMS[form](results.limited(answer, options["limit"] or 0)), output)


def _chart(answer: "Answer", options: Mapping[str, Any]) -> Iterable[str]:
    from biopsy.warehouse import charts, results  # noqa: PLC0415

    rows, _ = results.first(answer, options["limit"] or 0)
    draw = {"bar": charts.bar, "line": charts.line}[options["chart"]]
    return draw(answer.columns, rows, _width(options["output"]))


def _table(answer: "Answer", limit: int | None, output: Path | None, *, colour: bool) -> None:
    from biopsy.cli.tabling import tabled  # noqa: PLC0415
    from biopsy.warehouse import results  # noqa: PLC0415

    most = ON_SCREEN if limit is None and output is None else limit or 0
    rows, more = results.first(answer, most)
    numbers = {i for i, kind in enumerate(answer.types) if kind.split("(")[0] in NUMBERS}
    cells = [[results.text(value) for value in row] for row in rows]
    write_lines(
        [
            tabled(
                answer.columns,
                cells,
                numbers,
                _width(output),
                colour=colour and output is None,
                whole=output is not None,
            )
        ],
        output,
    )
    if more:
        click.echo(f"biopsy: the first {most} rows; --limit 0 gives all", err=True)
    elif not rows:
        click.echo("biopsy: no rows", err=True)


NUMBERS = frozenset(
    {"BIGINT", "INTEGER", "DOUBLE", "HUGEINT", "DECIMAL", "FLOAT", "UBIGINT", "SMALLINT", "TINYINT"}
)


def _width(output: Path | None) -> int:
    import shutil  # noqa: PLC0415

    on_screen = output is None and sys.stdout.isatty()
    return shutil.get_terminal_size((100, 40)).columns if on_screen else 160


def _list(home: Path) -> None:
    from biopsy.cli.output import coloured  # noqa: PLC0415
    from biopsy.formats.views.visible import visible  # noqa: PLC0415
    from biopsy.warehouse import catalog, saved  # noqa: PLC0415
    from biopsy.warehouse.tables import TABLES  # noqa: PLC0415

    def head(words: str) -> None:
        click.echo(click.style(words, bold=True) if coloured() else words)

    questions = list(saved.every(home))
    for own, words in ((False, "Cookbook: biopsy query NAME"), (True, "\nYour own")):
        some = [one for one in questions if one.own is own]
        if some:
            head(words)
        for one in some:
            values = "".join(f" -p {name}={value}" for name, value in one.values.items())
            click.echo(visible(f"  {one.name:22} {one.title}{f'  [{values[1:]}]' if values else ''}"))
    head('\nTables and views: biopsy query "FROM NAME LIMIT 5", "DESCRIBE NAME"')
    shown = {view.name: (view.says, view.takes) for view in catalog.views()}
    for table, row in TABLES.items():
        shown.setdefault(table, ((row.__doc__ or "").split(". ")[0].strip().rstrip(".") + ".", ()))
    shown["judgements"] = ("Every judgement on every dossier, also those that no longer hold.", ())
    for name, (says, takes) in sorted(shown.items()):
        shown_name = f"{name}({', '.join(takes)})" if takes else name
        click.echo(f"  {shown_name:22} {says}")
