"""
`dataclass`, made in a twentieth of the time: for modules that every process reads before it answers anybody.

The standard library's decorator compiles six functions for each class, which takes more than half a millisecond; two
hundred classes were a third of a sandbox's start. This one compiles `__init__` alone, and that when it is first looked
up; what else a class needs is one function for all of them, bound to its fields. What it makes is a dataclass to
`fields`, `replace`, `asdict`, pickle and `match`; a test holds it to what the standard library makes. Type checkers see
the standard one.

Left out, because nothing here needs it: `order`, `InitVar`, `unsafe_hash`, and a docstring made from the signature.
Why it is no library's: docs/adr/0013-records.md.
"""

from __future__ import annotations

import abc
import dataclasses
import sys
from collections.abc import Callable
from functools import cache, partial
from operator import attrgetter
from reprlib import recursive_repr
from types import FunctionType
from typing import TYPE_CHECKING, Any, ClassVar, get_origin

__all__ = ["dataclass"]

if TYPE_CHECKING:
    from dataclasses import dataclass
else:

    def dataclass(cls=None, /, **options):
        """As `dataclasses.dataclass`, with `eq`, `frozen`, `kw_only`, `repr` and `slots`."""
        return _made(cls) if cls is not None else lambda one: _made(one, **options)


_FIELDS = "__dataclass_fields__"
_MISSING = dataclasses.MISSING
_set = object.__setattr__


class _Factory:
    """What a signature shows where a factory gives the default."""

    def __repr__(self) -> str:
        return "<factory>"


_GIVEN = _Factory()


class _Init:
    """`__init__` of a class, compiled when it is first looked up: most of a process's classes are never made."""

    __slots__ = ("_make", "_owner")

    def __init__(self, owner: Any, make: Callable[[], Any]) -> None:
        self._owner, self._make = owner, make

    def __set_name__(self, owner: Any, _: str) -> None:
        self._owner = owner  # the class again, with slots

    def __get__(self, instance: Any, kind: Any = None) -> Any:
        made = self._make()
        setattr(self._owner, "__init__", made)  # noqa: B010 - a type checker knows better than to allow it
        return made if instance is None else made.__get__(instance, kind)


class _Params:
    """What a class was decorated with, where the standard library looks for it."""

    def __init__(self, *, eq: bool, frozen: bool, kw_only: bool, repr: bool, slots: bool) -> None:
        self.eq, self.frozen, self.kw_only, self.repr, self.slots = eq, frozen, kw_only, repr, slots
        self.init = self.match_args = True
        self.order = self.unsafe_hash = self.weakref_slot = False


def _made(
    cls: Any,
    *,
    eq: bool = True,
    frozen: bool = False,
    kw_only: bool = False,
    repr: bool = True,
    slots: bool = False,
) -> Any:
    found: dict[str, Any] = {}
    for base in cls.__mro__[-1:0:-1]:
        found.update(getattr(base, _FIELDS, {}))
    for name, annotation in cls.__annotations__.items():
        if not _is_class_variable(annotation):
            found[name] = _field(cls, name, annotation, kw_only)
    names = tuple(found)
    explicit = cls.__dict__.get("__hash__", _MISSING)
    own_hash = explicit is not _MISSING and not (explicit is None and "__eq__" in cls.__dict__)
    new: dict[str, Any] = {
        _FIELDS: found,
        "__dataclass_params__": _Params(eq=eq, frozen=frozen, kw_only=kw_only, repr=repr, slots=slots),
        "__match_args__": tuple(name for name, one in found.items() if one.init and not one.kw_only),
        "__init__": _Init(cls, partial(_init, cls, found, frozen=frozen, slots=slots)),
    }
    new["__replace__"] = dataclasses.replace  # what `copy.replace` calls, from Python 3.13
    if repr:
        new["__repr__"] = _repr(tuple(name for name, one in found.items() if one.repr))
    if eq:
        values = _values(tuple(name for name, one in found.items() if one.compare))
        new["__eq__"] = _eq(values)
        if not own_hash:
            hashed = tuple(n for n, one in found.items() if (one.compare if one.hash is None else one.hash))
            new["__hash__"] = _hash(_values(hashed)) if frozen else None
    if frozen:
        new["__setattr__"], new["__delattr__"] = _refusing(names)
    for name, value in new.items():
        if name == "__hash__" or name not in cls.__dict__ or name in (_FIELDS, "__dataclass_params__"):
            setattr(cls, name, value)
    abc.update_abstractmethods(cls)
    return _slotted(cls, names, frozen=frozen) if slots else cls


def _is_class_variable(annotation: Any) -> bool:
    if isinstance(annotation, str):
        return annotation.removeprefix("typing.").startswith("ClassVar")
    return annotation is ClassVar or get_origin(annotation) is ClassVar


def _field(cls: Any, name: str, annotation: Any, kw_only: bool) -> Any:
    given = cls.__dict__.get(name, _MISSING)
    one: Any = given if isinstance(given, dataclasses.Field) else dataclasses.field(default=given)
    one.name, one.type = name, annotation
    one._field_type = dataclasses._FIELD  # type: ignore[attr-defined]  # by which `fields` knows it
    if one.kw_only is _MISSING:
        one.kw_only = kw_only
    if one.default is not _MISSING and type(one.default).__hash__ is None:
        raise ValueError(f"mutable default {type(one.default)} for field {name} is not allowed: use default_factory")
    if isinstance(given, dataclasses.Field):
        if one.default is _MISSING:
            delattr(cls, name)
        else:
            setattr(cls, name, one.default)
    return one


def _init(cls: Any, found: dict[str, Any], *, frozen: bool, slots: bool) -> Any:
    """`__init__`, compiled: it runs for every value, and a loop over fields would take three times as long."""
    plain = all(one.init and one.default_factory is _MISSING for one in found.values()) and "self" not in found
    init = _copied(cls, found, frozen=frozen) if plain else _written(cls, found, frozen=frozen, slots=slots)
    init.__qualname__ = f"{cls.__qualname__}.__init__"
    init.__annotations__ = {name: one.type for name, one in found.items() if one.init} | {"return": None}
    return init


def _copied(cls: Any, found: dict[str, Any], *, frozen: bool) -> Any:
    """That of fields which are all given or have a default: the code of another class's, with these names."""
    order = [name for name, one in found.items() if not one.kw_only]
    order += [name for name, one in found.items() if one.kw_only]
    named = sum(one.kw_only for one in found.values())
    model = _model(len(order) - named, named, frozen=frozen, ends=hasattr(cls, "__post_init__"))
    names = {f"_{number}": name for number, name in enumerate(order)}
    code = model.__code__.replace(
        co_varnames=("self", *order),
        co_names=tuple(names.get(one, one) for one in model.__code__.co_names),
        co_consts=tuple(names.get(one, one) for one in model.__code__.co_consts),
    )
    defaults = {name: found[name].default for name in order if found[name].default is not _MISSING}
    init = FunctionType(code, vars(sys.modules[cls.__module__]), "__init__", None, model.__closure__)
    init.__defaults__ = tuple(value for name, value in defaults.items() if not found[name].kw_only) or None
    init.__kwdefaults__ = {name: value for name, value in defaults.items() if found[name].kw_only} or None
    return init


@cache
def _model(count: int, named: int, *, frozen: bool, ends: bool) -> Any:
    """Of so many fields, `_0`, `_1` and on, and *named* more by name: it takes a tenth of the time to copy one."""
    names = [f"_{number}" for number in range(count + named)]
    body = [f"_set(self, {name!r}, {name})" if frozen else f"self.{name} = {name}" for name in names]
    body += ["self.__post_init__()"] if ends else []
    return _compiled(["self", *names[:count], *(("*", *names[count:]) if named else ())], body, {}, {})


def _written(cls: Any, found: dict[str, Any], *, frozen: bool, slots: bool) -> Any:
    """That of any fields."""
    self = "__dataclass_self__" if "self" in found else "self"
    known: dict[str, Any] = {"_given": _GIVEN}
    plain: list[str] = []
    named: list[str] = []
    body = []
    for name, one in found.items():
        value = name
        parameter = name
        if one.default_factory is not _MISSING:
            known[f"_make_{name}"] = one.default_factory
            value = f"_make_{name}() if {name} is _given else {name}" if one.init else f"_make_{name}()"
            parameter = f"{name}=_given"
        elif one.default is not _MISSING:
            known[f"_default_{name}"] = one.default
            parameter = f"{name}=_default_{name}"
            if not one.init:
                value = f"_default_{name}"
        if one.init:
            (named if one.kw_only else plain).append(parameter)
        elif value == name or (one.default_factory is _MISSING and not slots):
            continue
        body.append(f"_set({self}, {name!r}, {value})" if frozen else f"{self}.{name} = {value}")
    if hasattr(cls, "__post_init__"):
        body.append(f"{self}.__post_init__()")
    parameters = [self, *plain, *(("*", *named) if named else ())]
    return _compiled(parameters, body, known, vars(sys.modules[cls.__module__]))


def _compiled(parameters: list[str], body: list[str], known: dict[str, Any], names: dict[str, Any]) -> Any:
    lines = "\n  ".join(body or ["pass"])
    known = {"_set": _set, **known}
    text = f"def make({', '.join(known)}):\n def __init__({', '.join(parameters)}):\n  {lines}\n return __init__"
    made: dict[str, Any] = {}
    exec(text, names, made)  # noqa: S102 - made of the names of our own fields alone
    return made["make"](**known)


def _values(names: tuple[str, ...]) -> Callable[[Any], tuple[Any, ...]]:
    if len(names) > 1:
        return attrgetter(*names)
    return lambda self: tuple(getattr(self, name) for name in names)  # of none or one


def _eq(values: Callable[[Any], tuple[Any, ...]]) -> Any:
    def eq(self: Any, other: Any) -> Any:
        return values(self) == values(other) if other.__class__ is self.__class__ else NotImplemented

    return eq


def _hash(values: Callable[[Any], tuple[Any, ...]]) -> Any:
    def hash_(self: Any) -> int:
        return hash(values(self))

    return hash_


def _repr(names: tuple[str, ...]) -> Any:
    @recursive_repr()
    def repr_(self: Any) -> str:
        return f"{self.__class__.__qualname__}({', '.join(f'{name}={getattr(self, name)!r}' for name in names)})"

    return repr_


def _refusing(names: tuple[str, ...]) -> tuple[Any, Any]:
    mine = frozenset(names)

    def set_(self: Any, name: str, value: Any) -> None:
        if name in mine or type(self).__dict__.get("__setattr__") is set_:
            raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")
        _set(self, name, value)

    def delete(self: Any, name: str) -> None:
        if name in mine or type(self).__dict__.get("__delattr__") is delete:
            raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")
        object.__delattr__(self, name)

    return set_, delete


def _slotted(cls: Any, names: tuple[str, ...], *, frozen: bool) -> Any:
    """The class again, with slots: they cannot be added to one that is there."""
    inherited = {slot for base in cls.__mro__[1:-1] for slot in getattr(base, "__slots__", ())}
    space = {key: value for key, value in cls.__dict__.items() if key not in (*names, "__dict__", "__weakref__")}
    space["__slots__"] = tuple(name for name in names if name not in inherited)
    if frozen:
        for name, state in (("__getstate__", _state), ("__setstate__", _take_state)):
            space.setdefault(name, state)
    made = type(cls)(cls.__name__, cls.__bases__, space)
    made.__qualname__ = cls.__qualname__
    return made


def _state(self: Any) -> list[Any]:
    return [getattr(self, one.name) for one in dataclasses.fields(self)]


def _take_state(self: Any, state: list[Any]) -> None:
    for one, value in zip(dataclasses.fields(self), state, strict=True):
        _set(self, one.name, value)
