"""The command `placard-py`. Each subcommand has `--json` for programs."""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from . import __about__
from .client import Client, Version, find, is_id
from .decode import decode_card
from .encode import encode
from .engine import configure, engine, flush
from .errors import InvalidSelector, PlacardError
from .filters import Condition, F, M
from .logging_api import encoded_metadata, submit_log
from .records import table
from .selectors import Target, version_target
from .spool import spool_files

_EXAMPLES = """examples:
  placard-py find churn_model --where "metrics.accuracy>0.9" --order=-metrics.accuracy
  placard-py show churn_model@prod
  placard-py log churn_model:7 metrics.accuracy=0.95 reviewed=true
  placard-py compare churn_model:6 churn_model:7
  placard-py history churn_model:7 metrics.accuracy
  placard-py spool send

A version is ARTIFACT:VERSION, ARTIFACT@ALIAS, ARTIFACT (the latest; not for log) or an ID.
A key is KEY or CARD.KEY. The server is that of PLACARD_URL, the API key that of PLACARD_API_KEY."""

_CONDITION = re.compile(r"(?P<key>.+?)\s*(?P<operator>>=|<=|!=|=|>|<)\s*(?P<value>.*)", re.DOTALL)
_OPERATORS = {">=": "gte", "<=": "lte", "!=": "ne", "=": "eq", ">": "gt", "<": "lt"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command, and return its exit code: 0 success, 1 failure, 2 invalid arguments."""
    options = _parser().parse_args(arguments)
    try:
        configure(options.url, project=options.project)
        result: int = options.run(options)
    except InvalidSelector as error:
        print(f"placard-py: {error.message}", file=sys.stderr)
        return 2
    except (PlacardError, OSError, ValueError) as error:
        print(f"placard-py: {error}", file=sys.stderr)
        return 1
    return result


def _parser() -> argparse.ArgumentParser:
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--json", action="store_true", help="print JSON, with the kinds of values as marks")
    shared.add_argument("--url", help="the address of the server (PLACARD_URL)")
    shared.add_argument("--project", help="the project (PLACARD_PROJECT)")
    parser = argparse.ArgumentParser(
        prog="placard-py",
        description="Log and read metadata of machine-learning artifacts.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=__about__.__version__)
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    def add(name: str, run: Any, help: str) -> argparse.ArgumentParser:
        command = commands.add_parser(name, parents=[shared], help=help, description=help)
        command.set_defaults(run=run)
        return command

    command = add("find", _find, "list versions")
    command.add_argument("artifact", nargs="?", help="only versions of this artifact")
    command.add_argument("--where", action="append", default=[], help='a condition such as "metrics.accuracy>0.9"')
    command.add_argument("--tag", help="only versions with this tag")
    command.add_argument("--order", action="append", default=[], help="a key to sort by; --order=-KEY is descending")
    command.add_argument("--limit", type=int, default=20, help="the maximum number of versions (20)")
    command = add("show", _show, "show a version with its facts")
    command.add_argument("version")
    command.add_argument("--as-of", help="show the state at this instant, such as 2026-01-02T03:04:05Z")
    command = add("log", _log, "log facts about a version")
    command.add_argument("version")
    command.add_argument("facts", nargs="+", help="KEY=VALUE; a value that is no JSON is text")
    command = add("compare", _compare, "compare versions")
    command.add_argument("versions", nargs="+")
    command.add_argument("--all", action="store_true", help="also keys with the same value in all versions")
    command = add("history", _history, "list all values of a key or a card")
    command.add_argument("version")
    command.add_argument("key")
    command = add("spool", _spool, "list or send writes that are not delivered")
    command.add_argument("action", choices=["list", "send"])
    command.add_argument("--timeout", type=float, default=60, help="seconds to try (60)")
    return parser


def _version(text: str, as_of: str | None = None) -> Version:
    client = Client()
    if is_id(text):
        return client.version(text, as_of=as_of)
    name, version, alias = split_version(text)
    return client.artifact(name).version(version, alias=alias or (None if version else "latest"), as_of=as_of)


def split_version(text: str) -> tuple[str, str | None, str | None]:
    """Return the artifact, the version and the alias of a text.

    >>> split_version("churn_model@prod")
    ('churn_model', None, 'prod')
    """
    for mark in (":", "@"):
        name, found, rest = text.rpartition(mark)
        if found and name and rest:
            return (name, rest, None) if mark == ":" else (name, None, rest)
    return text, None, None


def key_of(text: str) -> tuple[str | None, str]:
    """Return the card and the key of a text.

    >>> key_of("metrics.accuracy")
    ('metrics', 'accuracy')
    """
    card, dot, key = text.partition(".")
    return (card, key) if dot and card and key else (None, text)


def _operand(text: str) -> M:
    card, key = key_of(text)
    return M(key) if card is None else M(card, key)


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def condition(text: str) -> Condition:
    """Return the condition of a text.

    >>> condition("metrics.accuracy >= 0.9")
    Condition({'metadata': {'card': 'metrics', 'key': 'accuracy', 'gte': 0.9}})
    """
    match = _CONDITION.fullmatch(text)
    if match is None:
        raise InvalidSelector(f"--where takes KEY and a value with one of {' '.join(_OPERATORS)}, not {text!r}")
    return _operand(match["key"])._condition(_OPERATORS[match["operator"]], _value(match["value"]))


def _find(options: argparse.Namespace) -> int:
    where: Condition | None = None
    for part in [condition(text) for text in options.where] + ([F("tag") == options.tag] if options.tag else []):
        where = part if where is None else where & part
    order = [-_operand(text[1:]) if text.startswith("-") else +_operand(text) for text in options.order]
    versions: list[Version] = []
    for version in find(options.artifact, where, order):
        if len(versions) == options.limit:
            break
        versions.append(version)
    if options.json:
        _print_json([_as_json(version) for version in versions])
    else:
        _print_table([version.row() for version in versions])
    return 0


def _as_json(version: Version) -> dict[str, Any]:
    metadata: dict[str, Any] = {}
    for entry in version.entries:
        value = encode(entry.value)
        if entry.card is None:
            metadata[entry.key] = value
        else:
            card = metadata.setdefault(entry.card, {})
            card[entry.key] = value
    return {
        "id": version.id,
        "artifact": version.artifact,
        "version": version.version,
        "number": version.number,
        "type": version.type,
        "aliases": version.aliases,
        "tags": version.tags,
        "createdAt": version.created_at.isoformat(),
        "metadata": metadata,
    }


def _show(options: argparse.Namespace) -> int:
    version = _version(options.version, options.as_of)
    if options.json:
        _print_json(_as_json(version))
    else:
        print(version)
    return 0


def _log(options: argparse.Namespace) -> int:
    metadata: dict[str, Any] = {}
    for fact in options.facts:
        text, equals, value = fact.partition("=")
        if not equals:
            raise InvalidSelector(f"a fact is KEY=VALUE, not {fact!r}")
        card, key = key_of(text)
        place = metadata if card is None else metadata.setdefault(card, {})
        if not isinstance(place, dict) or key in place:
            raise InvalidSelector(f"the key {text!r} is given twice")
        found = _value(value)
        place[key] = decode_card({"": found})[""] if isinstance(found, dict) else found
    name, version, alias = split_version(options.version)
    if is_id(options.version):
        target = version_target(options.version)
    elif version or alias:
        reference = {"name": name, "version": version} if version else {"name": name, "alias": alias}
        if project := engine().settings.project:
            reference["project"] = project
        target = Target({"artifactVersion": reference})
    else:
        raise InvalidSelector("log needs a version: ARTIFACT:VERSION, ARTIFACT@ALIAS or an ID")
    submit_log(target, encoded_metadata(metadata))
    if options.json:
        _print_json({"logged": len(options.facts)})
    return 0


def _compare(options: argparse.Namespace) -> int:
    comparison = Client().compare(*map(_version, options.versions), only_differing=not options.all)
    if options.json:
        _print_json(
            [
                {
                    "card": row.card,
                    "key": row.key,
                    "differs": row.differs,
                    "values": [encode(value) for value in row.values],
                    "deltas": row.deltas,
                }
                for row in comparison
            ]
        )
    else:
        _print_table(comparison.rows())
    return 0


def _history(options: argparse.Namespace) -> int:
    version = _version(options.version)
    card, key = key_of(options.key)
    records = version.history(key, card)
    if options.json:
        _print_json([{name: encode(value) for name, value in row.items()} for row in records.rows()])
    else:
        _print_table(records.rows())
    return 0


def _spool(options: argparse.Namespace) -> int:
    folder = engine().settings.spool_dir
    if options.action == "list":
        files = [str(path) for path in spool_files(folder)]
        kept = [str(path) for path in (folder / "rejected.jsonl", folder / "unconfirmed.jsonl") if path.exists()]
        if options.json:
            _print_json({"folder": str(folder), "files": files, "kept": kept})
        else:
            print("\n".join(files + kept) or f"nothing in {folder}")
        return 0
    report = flush(options.timeout)
    if options.json:
        _print_json(vars(report))
    else:
        print(f"delivered {report.delivered}, rejected {report.rejected}, unconfirmed {report.unconfirmed}, "
              f"pending {report.pending}" + (f": {report.reason}" if report.reason else ""))  # fmt: skip
        for note in report.notes:
            print(note, file=sys.stderr)
    return 0 if report else 1


def _print_json(value: Any) -> None:
    json.dump(value, sys.stdout, ensure_ascii=False, indent=2)
    print()


def _print_table(rows: Sequence[Mapping[str, Any]]) -> None:
    same = table(rows)
    if not same:
        print("nothing found")
        return
    texts = [list(map(str, same[0])), *([_text(cell) for cell in row.values()] for row in same)]
    widths = [max(map(len, column)) for column in zip(*texts)]
    for line in texts:
        print("  ".join(text.ljust(width) for text, width in zip(line, widths)).rstrip())


def _text(cell: Any) -> str:
    if cell is None:
        return "-"
    text = cell.isoformat() if isinstance(cell, datetime) else str(cell)
    return text if len(text) <= 40 else text[:39] + "…"


if __name__ == "__main__":
    sys.exit(main())
