"""
How a simulator declares a SOAP service in Spyne: simple types as .NET has them, arrays, and operations.

    class CloudManagement(ServiceBase):
        @operation
        def ViewCustomerRecord(ctx: Any, BillerGUID: Text, AccountNumber: Text) -> ViewCustomerRecordResult:
            "A customer's record as it stands."

Declarations say what stands on the wire and nothing else; their functions are never called. `generate` writes from them
what the codec needs, and `spyne_front` lets Spyne itself serve them.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, TypeVar

from partnerlab.simulators.kit.asmx import spyne_compat as spyne
from partnerlab.simulators.kit.asmx.spyne_compat import ComplexModel, ServiceBase

__all__ = [
    "Amount",
    "Bool",
    "Bytes",
    "ComplexModel",
    "Int",
    "Long",
    "MaybeAmount",
    "Moment",
    "ServiceBase",
    "Text",
    "array",
    "operation",
]

F = TypeVar("F", bound=Callable[..., Any])

# .NET's value types cannot be null, so they are always there; its strings may be missing.
Text = spyne.Unicode.customize(min_occurs=0, nillable=False)
Int = spyne.Integer32.customize(min_occurs=1, nillable=False)
Long = spyne.Integer64.customize(min_occurs=1, nillable=False)
Amount = spyne.Decimal.customize(min_occurs=1, nillable=False)
MaybeAmount = spyne.Decimal.customize(min_occurs=0, nillable=False)
Bool = spyne.Boolean.customize(min_occurs=1, nillable=False)
Moment = spyne.DateTime.customize(min_occurs=1, nillable=False)
Bytes = spyne.ByteArray.customize(min_occurs=0, nillable=False)


def array(item: Any, name: str, *, item_name: str | None = None) -> Any:
    """An array type called *name*, as .NET names it (`ArrayOfString`); its items may be nil, the array may not."""
    options = {} if item_name is None else {"member_name": item_name}
    return spyne.Array(item.customize(nillable=True), type_name=name, **options).customize(nillable=False)


def operation(function: F) -> F:
    """
    Declares an operation from a function's annotations: what stands there is the wire's name and type, in order.

    A complex parameter or result may be missing and is never nil.
    """
    types = inspect.get_annotations(function, eval_str=True)
    types.pop("ctx", None)
    returned = types.pop("return", None)
    return spyne.rpc(*map(_never_nil, types.values()), _returns=_never_nil(returned))(function)


def _never_nil(model: Any) -> Any:
    if model is None or not issubclass(model, ComplexModel):
        return model
    return model.customize(nillable=False)
