"""Objects that reads return. They hold data only, and show themselves in terminals and notebooks."""

from __future__ import annotations

import difflib
import html
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar, overload

from .decode import decode
from .errors import UnknownKey
from .kinds import OrderedSet

T = TypeVar("T")


def instant(text: str | None) -> Any:
    """Return a time of the API; None for null."""
    return None if text is None else decode({"$timestamp": text})


@dataclass(frozen=True)
class Entry:
    """One fact.

    Attributes:
        value: The Python value; None for NULL, and for a retraction.
        display: The value as text for people.
        seq: The position in write order.
        logged_at: The time of the write by the clock of the server.
    """

    key: str
    card: str | None
    kind: str | None
    value: Any
    display: str | None
    seq: int
    logged_at: datetime
    logged_by: str | None = None
    retracted: bool = False
    reason: str | None = None

    @classmethod
    def read(cls, node: Mapping[str, Any]) -> Entry:
        """Return the entry of a response."""
        value = decode(node["extendedJson"])
        return cls(
            key=node["key"],
            card=node["card"],
            kind=node["kind"],
            value=value,
            display=node["display"],
            seq=int(node["seq"]),
            logged_at=instant(node["loggedAt"]),
            logged_by=node.get("loggedBy"),
            retracted=node.get("retracted", False),
            reason=node.get("reason"),
        )

    def row(self) -> dict[str, Any]:
        """Return the row of a table."""
        return {"logged_at": self.logged_at, "value": self.value, "kind": self.kind, "retracted": self.retracted}


class Facts(Mapping[str, Any]):
    """The latest values of one card, or those without a card. A missing key is `UnknownKey` with near keys."""

    def __init__(self, entries: Mapping[str, Entry], others: Mapping[str, str], place: str) -> None:
        self.entries = dict(entries)
        self._others = dict(others)
        self._place = place

    def __getitem__(self, key: str) -> Any:
        if key in self.entries:
            return self.entries[key].value
        near = difflib.get_close_matches(key, list(self.entries), n=5)
        hint = f"; near are {', '.join(map(repr, near))}" if near else ""
        if key in self._others:
            hint += f"; {self._others[key]}"
        raise UnknownKey(f"no value of {key!r} {self._place}{hint}", candidates=near)

    def __iter__(self) -> Iterator[str]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)

    def __repr__(self) -> str:
        return repr(dict(self))


class Cards(Mapping[str, Facts]):
    """The cards of a subject by name."""

    def __init__(self, cards: Mapping[str, Facts]) -> None:
        self._cards = dict(cards)

    def __getitem__(self, name: str) -> Facts:
        if name in self._cards:
            return self._cards[name]
        near = difflib.get_close_matches(name, list(self._cards), n=5)
        raise UnknownKey(
            f"no card {name!r}; the cards are {', '.join(map(repr, self._cards)) or 'none'}", candidates=near
        )

    def __iter__(self) -> Iterator[str]:
        return iter(self._cards)

    def __len__(self) -> int:
        return len(self._cards)

    def __repr__(self) -> str:
        return repr(dict(self))


@dataclass(eq=False)
class VersionData:
    """An artifact version as it was read.

    Attributes:
        metadata: The latest values without a card.
        cards: The latest values by card.
        as_of_time: The instant of a view of the past; None for the present.
    """

    id: str
    artifact: str
    number: int
    version: str
    type: str | None
    created_at: datetime
    tags: list[str]
    aliases: list[str]
    entries: list[Entry] = field(repr=False)
    as_of_time: datetime | None = None

    @classmethod
    def fields(cls, node: Mapping[str, Any]) -> dict[str, Any]:
        """Return the arguments of the constructor for a node of a response."""
        return {
            "id": node["id"],
            "artifact": node["artifact"]["name"],
            "number": node["number"],
            "version": node["version"],
            "type": node["type"],
            "created_at": instant(node["createdAt"]),
            "tags": node["tags"],
            "aliases": node["aliases"],
            "entries": [Entry.read(entry) for entry in node["metadata"]],
            "as_of_time": instant(node["asOf"]),
        }

    @property
    def metadata(self) -> Facts:
        """The latest values without a card."""
        hints = {
            entry.key: f"the card {entry.card!r} has it: .cards[{entry.card!r}][{entry.key!r}]"
            for entry in self.entries
            if entry.card is not None
        }
        hints |= {entry.card: f"it is a card: .cards[{entry.card!r}]" for entry in self.entries if entry.card}
        own = {entry.key: entry for entry in self.entries if entry.card is None}
        return Facts(own, hints, "without a card")

    @property
    def cards(self) -> Cards:
        """The latest values by card."""
        grouped: dict[str, dict[str, Entry]] = {}
        for entry in self.entries:
            if entry.card is not None:
                grouped.setdefault(entry.card, {})[entry.key] = entry
        return Cards({card: Facts(entries, {}, f"in the card {card!r}") for card, entries in grouped.items()})

    @property
    def run_metadata(self) -> dict[str, Any]:
        """All latest values, the cards as dictionaries, as ZenML's `run_metadata`."""
        latest = {entry.key: (entry.seq, entry.value) for entry in self.entries if entry.card is None}
        for card, facts in self.cards.items():
            seq = max(entry.seq for entry in facts.entries.values())
            if card not in latest or latest[card][0] < seq:
                latest[card] = (seq, dict(facts))
        return {key: value for key, (_, value) in latest.items()}

    def row(self) -> dict[str, Any]:
        """Return the row of a table: fields of the version, and a column `card.key` or `key` per fact."""
        found: dict[str, Any] = {
            "artifact": self.artifact,
            "version": self.version,
            "number": self.number,
            "created_at": self.created_at,
        }
        for entry in self.entries:
            name = entry.key if entry.card is None else f"{entry.card}.{entry.key}"
            found[name if name not in found else f"metadata.{name}"] = entry.value
        return found

    def __repr__(self) -> str:
        extra = "".join(f" @{alias}" for alias in self.aliases)
        past = f" as of {self.as_of_time.isoformat()}" if self.as_of_time else ""
        return f"<{type(self).__name__} {self.artifact} {self.version}{extra}{past}: {len(self.entries)} facts>"

    def __str__(self) -> str:
        lines = [f"{self.artifact} {self.version}" + "".join(f" @{alias}" for alias in self.aliases)]
        for card in (None, *self.cards):
            entries = [entry for entry in self.entries if entry.card == card]
            if entries and card is not None:
                lines.append(f"  {card}")
            width = max((len(entry.key) for entry in entries), default=0)
            lines += [f"    {entry.key:{width}}  {entry.display}" for entry in entries]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        head = f"<b>{html.escape(self.artifact)}</b> {html.escape(self.version)}"
        head += "".join(f" <code>@{html.escape(alias)}</code>" for alias in self.aliases)
        boxes = []
        for card in (None, *self.cards):
            entries = [entry for entry in self.entries if entry.card == card]
            if not entries:
                continue
            rows = "".join(
                f"<tr><td style='text-align:left'>{html.escape(entry.key)}</td>"
                f"<td style='text-align:left'>{html.escape(str(entry.display))}</td></tr>"
                for entry in entries
            )
            title = f"<b>{html.escape(card)}</b>" if card is not None else ""
            boxes.append(
                "<div style='display:inline-block;vertical-align:top;border:1px solid #ccc;border-radius:6px;"
                f"margin:4px;padding:6px'>{title}<table>{rows}</table></div>"
            )
        return f"<div>{head}</div>{''.join(boxes)}"


def _cell(value: Any) -> Any:
    """Return a value for a data frame: its plain type, and lists instead of tuples and sets."""
    if isinstance(value, (set, frozenset, tuple, OrderedSet, list)):
        return [_cell(item) for item in value]
    if isinstance(value, Mapping):
        return {key: _cell(item) for key, item in value.items()}
    if isinstance(value, bool) or value is None:
        return value
    for plain in (str, int, float):
        if isinstance(value, plain) and type(value) is not plain:
            return plain(value)
    return value


class Records(Sequence[T], Generic[T]):
    """A list of records that can become a data frame."""

    def __init__(self, items: Sequence[T]) -> None:
        self._items = list(items)

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> Records[T]: ...
    def __getitem__(self, index: int | slice) -> T | Records[T]:
        return Records(self._items[index]) if isinstance(index, slice) else self._items[index]

    def __len__(self) -> int:
        return len(self._items)

    def rows(self) -> list[dict[str, Any]]:
        """Return one dictionary per record, all with the same keys."""
        return table([item if isinstance(item, dict) else item.row() for item in self._items])  # type: ignore[attr-defined]

    def to_pandas(self) -> Any:
        """Return a `pandas.DataFrame`."""
        return to_pandas(self.rows())

    def to_polars(self) -> Any:
        """Return a `polars.DataFrame`."""
        return to_polars(self.rows())

    def to_arrow(self) -> Any:
        """Return a `pyarrow.Table`."""
        return to_arrow(self.rows())

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._items!r})"

    def _repr_html_(self) -> str:
        return html_table(self.rows())


def table(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return rows with the same keys in the same order."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    return [{name: row.get(name) for name in names} for row in rows]


def html_table(rows: Sequence[Mapping[str, Any]], limit: int = 100) -> str:
    """Return a table as HTML, with all texts escaped."""
    if not rows:
        return "<i>no rows</i>"
    head = "".join(f"<th>{html.escape(str(name))}</th>" for name in rows[0])
    body = "".join(
        "<tr>"
        + "".join(f"<td>{html.escape('' if cell is None else str(cell))}</td>" for cell in row.values())
        + "</tr>"
        for row in rows[:limit]
    )
    more = f"<i>{len(rows) - limit} more rows</i>" if len(rows) > limit else ""
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{more}"


def _columns(rows: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    names = rows[0] if rows else ()
    return {name: [_cell(row[name]) for row in rows] for name in names}


def to_pandas(rows: Sequence[Mapping[str, Any]]) -> Any:
    """Return a `pandas.DataFrame` of rows."""
    import pandas

    return pandas.DataFrame(_columns(rows))


def to_polars(rows: Sequence[Mapping[str, Any]]) -> Any:
    """Return a `polars.DataFrame` of rows. A column of several types has the type `Object`."""
    import polars

    columns: Any = []
    for name, cells in _columns(rows).items():
        try:
            columns.append(polars.Series(name, _numbers(cells), strict=True))
        except (TypeError, polars.exceptions.PolarsError):
            columns.append(polars.Series(name, cells, dtype=polars.Object))
    return polars.DataFrame(columns)


def to_arrow(rows: Sequence[Mapping[str, Any]]) -> Any:
    """Return a `pyarrow.Table` of rows.

    Raises:
        ValueError: A column has values of several types, which Arrow cannot hold.
    """
    import pyarrow

    columns = {}
    for name, cells in _columns(rows).items():
        try:
            columns[name] = pyarrow.array(_numbers(cells))
        except (pyarrow.ArrowInvalid, pyarrow.ArrowTypeError) as error:
            raise ValueError(f"the column {name!r} has values of several types: {error}") from error
    return pyarrow.table(columns)


def _numbers(cells: list[Any]) -> list[Any]:
    """Return floats for a column of integers and floats."""
    kinds = {type(cell) for cell in cells if cell is not None}
    return [None if cell is None else float(cell) for cell in cells] if kinds == {int, float} else cells
