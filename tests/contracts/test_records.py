"""The package's `dataclass` against the standard library's: the same classes, seen from outside."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import pickle
import sys
from collections.abc import Callable
from dataclasses import field
from types import ModuleType
from typing import Any

import pytest

import partnerlab.client.inhance
import partnerlab.client.invoice_cloud
import partnerlab.client.tccs
import partnerlab.sandbox  # noqa: F401 - what the classes below are taken from
from partnerlab.contracts import records

SAMPLES = """
from __future__ import annotations
from typing import ClassVar, Generic, TypeVar
T = TypeVar("T")

@dataclass(frozen=True, slots=True)
class Plain:
    a: int
    b: str = "x"
    c: list[int] = field(default_factory=list, repr=False)
    known: ClassVar[int] = 3
    def total(self): return self.a + len(self.c)

@dataclass(frozen=True, slots=True)
class Heir(Plain):
    d: float = 1.5
    b: str = "y"

@dataclass(slots=True)
class Open:
    a: int
    b: int = field(default=2, compare=False)
    c: int = field(init=False, default=7)
    def __post_init__(self): self.a += 1

@dataclass
class Loose:
    a: int = 1

@dataclass(slots=True, eq=False)
class Same:
    a: int = 1

@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    self: int
    a: int = field(hash=False)
    b: int = 2

@dataclass(frozen=True, slots=True)
class Nothing:
    pass

@dataclass(frozen=True, slots=True, repr=False)
class Own(Generic[T]):
    a: T
    def __repr__(self): return "own"
    def __hash__(self): return 5

@dataclass(frozen=True)
class Cached:
    a: int
    def __eq__(self, other): return True
"""
ARGUMENTS: dict[str, list[tuple[tuple[Any, ...], dict[str, Any]]]] = {
    "Plain": [((1,), {}), ((1, "x", [2]), {}), ((1, "x", [3]), {}), ((), {})],
    "Heir": [((1,), {}), ((1, "z"), {"d": 2.0}), ((1,), {"e": 1})],
    "Open": [((1,), {}), ((1, 5), {}), ((2,), {}), ((1, 2, 3), {})],
    "Loose": [((), {}), ((2,), {})],
    "Same": [((), {}), ((1,), {})],
    "Named": [((), {"self": 1, "a": 2}), ((), {"self": 1, "a": 3}), ((1,), {}), ((), {"a": 1})],
    "Nothing": [((), {}), ((1,), {})],
    "Own": [((1,), {}), ((2,), {})],
    "Cached": [((1,), {}), ((2,), {})],
}


def _module(name: str, decorator: Callable[..., Any]) -> ModuleType:
    module = sys.modules[name] = ModuleType(name)
    vars(module).update(dataclass=decorator, field=field)
    exec(SAMPLES, vars(module))
    return module


OURS, THEIRS = _module("records_ours", records.dataclass), _module("records_theirs", dataclasses.dataclass)


def _told(call: Callable[[], Any]) -> Any:
    """What comes of a call: the value, or the error by its class."""
    try:
        found = call()
    except Exception as error:  # noqa: BLE001 - whatever the other raises
        return type(error)
    return found


@pytest.mark.parametrize("name", ARGUMENTS)
def test_a_class_behaves_as_the_standard_librarys(name: str) -> None:
    def seen(module: ModuleType) -> list[Any]:
        made = getattr(module, name)
        values = [_told(lambda args=args, named=named: made(*args, **named)) for args, named in ARGUMENTS[name]]
        good = [value for value in values if isinstance(value, made)]
        assert good
        first = good[0]
        facts: list[Any] = [str(inspect.signature(made)), made.__match_args__, made.__hash__ is None]
        facts += [getattr(made, "__slots__", None), hasattr(first, "__dict__")]
        facts += [value if isinstance(value, type) else repr(value) for value in values]
        facts += [[one == other for other in good] for one in good]
        facts += [_told(lambda: hash(first) == hash(copy.copy(first)))]
        facts += [[(f.name, f.type, f.init, f.repr, f.compare, f.kw_only) for f in dataclasses.fields(made)]]
        facts += [dataclasses.asdict(first), repr(_told(lambda: dataclasses.replace(first)))]
        facts += [repr(_told(lambda: pickle.loads(pickle.dumps(first)))), repr(copy.deepcopy(first))]
        # Of what a frozen class with slots does not have, the standard library says TypeError: refused it is anyway.
        facts += [_told(lambda name=name: setattr(first, name, 9)) is None for name in ("a", "new")]
        facts += [_told(lambda: delattr(first, "a")) is None, repr(_told(lambda: first.a))]
        facts += [inspect.get_annotations(made.__init__), made.__init__.__qualname__, made.__qualname__]
        return facts

    ours, theirs = seen(OURS), seen(THEIRS)
    assert ours == theirs


def test_a_default_that_could_change_is_refused() -> None:
    def declare(decorator: Callable[..., Any]) -> None:
        @decorator(frozen=True)
        class Wrong:
            a: list[int] = []  # noqa: RUF012 - what is refused

    for decorator in (dataclasses.dataclass, records.dataclass):
        with pytest.raises(ValueError, match="for field a is not allowed: use default_factory"):
            declare(decorator)


def test_every_class_of_the_package_has_the_signature_the_standard_library_would_give_it() -> None:
    found = 0
    for module in [module for name, module in sys.modules.items() if name.startswith("partnerlab.")]:
        for made in [value for value in vars(module).values() if isinstance(value, type)]:
            options = vars(made).get("__dataclass_params__")
            if made.__module__ != module.__name__ or not isinstance(options, records._Params):
                continue
            found += 1
            parts = [(one.name, one.type, _again(one)) for one in dataclasses.fields(made)]
            switches = {name: getattr(options, name) for name in ("eq", "frozen", "kw_only", "repr", "slots")}
            theirs = dataclasses.make_dataclass(made.__name__, parts, **switches)
            assert str(inspect.signature(made)) == str(inspect.signature(theirs)), made
            assert vars(made)["__match_args__"] == vars(theirs)["__match_args__"]
            assert "__slots__" in vars(made) or not options.slots
    assert found > 150, "where the package's classes are made by it"


def _again(one: dataclasses.Field[Any]) -> Any:
    same = {name: getattr(one, name) for name in ("default", "default_factory", "init", "repr", "hash", "compare")}
    return field(**same, kw_only=one.kw_only)
