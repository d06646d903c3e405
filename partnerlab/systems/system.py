"""What is declared of a simulated system, and what a partner's is given to be joined to the others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import field
from typing import TYPE_CHECKING, Any, TypeVar

from partnerlab.console.places import Entrance
from partnerlab.contracts.records import dataclass
from partnerlab.simulators.kit.journal.sent_again import Credentials
from partnerlab.simulators.kit.keys import Keys
from partnerlab.simulators.kit.world.jobs import Runner
from partnerlab.simulators.kit.world.lanes import Lanes
from partnerlab.simulators.kit.world.simulator import Simulator
from partnerlab.simulators.kit.world.store import Store
from partnerlab.systems.to_invoice_cloud import ToInvoiceCloud

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

__all__ = ["Every", "Joined", "Joints", "PartnerSystem", "System"]

One = TypeVar("One")


class Every:
    """The settings of every system, each found by its class."""

    def __init__(self, settings: Iterable[DataclassInstance]) -> None:
        self._by_class: dict[type[Any], Any] = {type(one): one for one in settings}

    def __iter__(self) -> Iterator[DataclassInstance]:
        return iter(self._by_class.values())

    def of(self, kind: type[One]) -> One:
        """The settings of that class."""
        found: One = self._by_class[kind]
        return found


@dataclass(frozen=True, slots=True)
class Joints:
    """
    What a sandbox has for the simulators of partners.

    `given` are the settings as the operator gave them, `asked_for` the same with the keys that count here, `keys` what
    translates between the two.
    """

    store: Store
    lanes: Lanes
    given: Every
    asked_for: Every
    keys: Keys
    invoice_cloud: ToInvoiceCloud


@dataclass(frozen=True, slots=True)
class Joined:
    """A simulator, and what does its due work."""

    simulator: Simulator
    runner: Runner


@dataclass(frozen=True, slots=True)
class System:
    """
    A simulated system.

    Attributes:
        part: Its name among the parts of a sandbox, as in `--only`.
        section: Its section of a settings file; also its simulator's name.
        settings: The class of its settings.
        doors: Where it is called and with what, for those settings; none where nobody calls it.
        without_doors: The same of what calls and is not called: where its books are seen.
        credentials: What its doors ask for, where that is not what Invoice Cloud's ask for.
    """

    part: str
    section: str
    settings: type[Any]
    doors: Callable[[Any], Sequence[Entrance]] | None = field(default=None, kw_only=True)
    without_doors: Sequence[Entrance] = field(default=(), kw_only=True)
    credentials: Callable[[Any], Credentials] | None = field(default=None, kw_only=True)


@dataclass(frozen=True, slots=True)
class PartnerSystem(System):
    """A partner's; `join` makes its simulator."""

    join: Callable[[Joints], Joined]
