"""Conditions and orders of `find`.

>>> (M("metrics", "accuracy") > 0.9) & M("size").lt("1GiB")  # doctest: +ELLIPSIS
Condition({'and': [{'metadata': {'card': 'metrics', 'key': 'accuracy', 'gt': 0.9}}, ...]})
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from .encode import encode
from .errors import InvalidSelector


class Condition:
    """A filter of versions. Combine conditions with `&`, `|` and `~`, each in parentheses."""

    __slots__ = ("filter",)

    def __init__(self, filter: dict[str, Any]) -> None:
        self.filter = filter

    def __and__(self, other: Condition) -> Condition:
        return Condition({"and": [*self._parts("and"), *other._parts("and")]})

    def __or__(self, other: Condition) -> Condition:
        return Condition({"or": [*self._parts("or"), *other._parts("or")]})

    def __invert__(self) -> Condition:
        return Condition({"not": self.filter})

    def _parts(self, operator: str) -> list[dict[str, Any]]:
        if list(self.filter) == [operator]:
            return list(self.filter[operator])
        return [self.filter]

    def __bool__(self) -> bool:
        raise TypeError("a condition has no truth value: combine conditions with & | ~, each in parentheses")

    def __repr__(self) -> str:
        return f"Condition({self.filter!r})"


class Order:
    """A sort key. `-M(...)` and `-F(...)` sort by descending values."""

    __slots__ = ("order",)

    def __init__(self, order: dict[str, Any]) -> None:
        self.order = order

    def __repr__(self) -> str:
        return f"Order({self.order!r})"


class _Operand:
    """Comparison operators, which return conditions."""

    def _condition(self, operator: str, value: Any) -> Condition:
        raise NotImplementedError

    def _order(self) -> dict[str, Any]:
        raise NotImplementedError

    def __eq__(self, other: object) -> Condition:  # type: ignore[override]
        return self._condition("eq", other)

    def __ne__(self, other: object) -> Condition:  # type: ignore[override]
        return self._condition("ne", other)

    def __lt__(self, other: Any) -> Condition:
        return self._condition("lt", other)

    def __le__(self, other: Any) -> Condition:
        return self._condition("lte", other)

    def __gt__(self, other: Any) -> Condition:
        return self._condition("gt", other)

    def __ge__(self, other: Any) -> Condition:
        return self._condition("gte", other)

    __hash__ = None  # type: ignore[assignment]

    def lt(self, value: Any) -> Condition:
        """Less than a value. Text with a unit such as `"1GiB"` or `"90s"` is a number."""
        return self._condition("lt", value)

    def lte(self, value: Any) -> Condition:
        """Less than or equal to a value."""
        return self._condition("lte", value)

    def gt(self, value: Any) -> Condition:
        """Greater than a value."""
        return self._condition("gt", value)

    def gte(self, value: Any) -> Condition:
        """Greater than or equal to a value."""
        return self._condition("gte", value)

    def between(self, low: Any, high: Any) -> Condition:
        """Between two values, which are included."""
        return self._condition("between", [low, high])

    def is_in(self, values: Iterable[Any]) -> Condition:
        """Equal to one of the values."""
        return self._condition("in", list(values))

    def not_in(self, values: Iterable[Any]) -> Condition:
        """Equal to none of the values, or without a value."""
        return self._condition("notIn", list(values))

    def contains(self, value: Any) -> Condition:
        """A text that contains a text, or a list, tuple or set that contains a member."""
        return self._condition("contains", value)

    def startswith(self, text: str) -> Condition:
        """A text that begins with a text."""
        return self._condition("startsWith", text)

    def endswith(self, text: str) -> Condition:
        """A text that ends with a text."""
        return self._condition("endsWith", text)

    def exists(self, value: bool = True) -> Condition:
        """With a value; `exists(False)` without one."""
        return self._condition("exists", value)

    def __neg__(self) -> Order:
        return Order({**self._order(), "direction": "DESC"})

    def __pos__(self) -> Order:
        return Order(self._order())


class M(_Operand):
    """The latest value of a metadata key: `M("key")` without a card, `M("card", "key")` in a card.

    Args:
        names: The key, or the card and the key.
        path: Keys and positions inside the value.
    """

    def __init__(self, *names: str, path: Iterable[str | int] = ()) -> None:
        if len(names) not in (1, 2) or not all(isinstance(name, str) for name in names):
            raise InvalidSelector(f'M takes a key, or a card and a key: M("metrics", "accuracy"), not {names!r}')
        self.key: dict[str, Any] = {"key": names[-1]} if len(names) == 1 else {"card": names[0], "key": names[1]}
        if path := [str(part) for part in path]:
            self.key["path"] = path

    def _condition(self, operator: str, value: Any) -> Condition:
        if operator in ("in", "notIn", "between"):
            value = [encode(item, ("value",)) for item in value]
        elif operator not in ("exists", "startsWith", "endsWith"):
            value = encode(value, ("value",))
        return Condition({"metadata": {**self.key, operator: value}})

    def _order(self) -> dict[str, Any]:
        return {"metadata": self.key}

    def __repr__(self) -> str:
        return f"M({', '.join(repr(name) for name in (self.key.get('card'), self.key['key']) if name is not None)})"


_FIELDS = {
    "id": "id",
    "artifact": "artifact",
    "version": "version",
    "number": "number",
    "type": "type",
    "tag": "tag",
    "alias": "alias",
    "created_at": "createdAt",
    "created_by": "createdBy",
    "last_logged_at": "lastLoggedAt",
}
_ORDERS = ("created_at", "number", "version", "artifact", "type", "last_logged_at")


class F(_Operand):
    """A field of versions: `artifact`, `version`, `number`, `type`, `tag`, `alias`, `created_at` and others.

    >>> (F("tag") == "nightly") & (F("number") > 3)
    Condition({'and': [{'tag': {'eq': 'nightly'}}, {'number': {'gt': 3}}]})
    """

    def __init__(self, name: str) -> None:
        if name not in _FIELDS:
            raise InvalidSelector(f"versions have no field {name!r}; the fields are {', '.join(_FIELDS)}")
        self.name = name

    def _condition(self, operator: str, value: Any) -> Condition:
        if operator in ("in", "notIn", "between"):
            value = [_plain(item) for item in value]
        return Condition({_FIELDS[self.name]: {operator: _plain(value)}})

    def _order(self) -> dict[str, Any]:
        if self.name not in _ORDERS:
            raise InvalidSelector(f"versions cannot be sorted by {self.name!r}; the fields are {', '.join(_ORDERS)}")
        return {"field": self.name.upper()}

    def __repr__(self) -> str:
        return f"F({self.name!r})"


def _plain(value: Any) -> Any:
    return encode(value, ("value",))["$timestamp"] if isinstance(value, datetime) else value


def order_terms(order_by: Any) -> list[dict[str, Any]]:
    """Return the `orderBy` of one or several sort keys.

    Raises:
        InvalidSelector: One is no sort key.
    """
    terms = order_by if isinstance(order_by, (list, tuple)) else [] if order_by is None else [order_by]
    found = []
    for term in terms:
        if isinstance(term, _Operand):
            term = +term
        if not isinstance(term, Order):
            raise InvalidSelector(f"order_by takes M(...), F(...), -M(...) or -F(...), not {term!r:.100}")
        found.append(term.order)
    return found


def where_filter(where: Condition | None, artifact: str | None) -> dict[str, Any] | None:
    """Return the filter of a condition and the name of an artifact."""
    if where is not None and not isinstance(where, Condition):
        raise InvalidSelector(f'where takes a condition such as M("metrics", "accuracy") > 0.9, not {where!r:.100}')
    parts = [{"artifact": {"eq": artifact}}] if artifact is not None else []
    parts += where._parts("and") if where is not None else []
    return None if not parts else parts[0] if len(parts) == 1 else {"and": parts}
