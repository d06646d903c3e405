"""
The types of `iCloud.asmx`, in the partner's spelling.

Source: "Harris inHance v2 Technical Design", Details; the result of MakePaymentExtended is assumed [A-1].
"""

from __future__ import annotations

from partnerlab.simulators.kit.asmx.spyne_compat import Boolean, ComplexModel, DateTime, Decimal, Integer32, Unicode

__all__ = [
    "BalanceCheckResult",
    "MakePaymentExtendedResult",
    "SetAutopayResult",
    "SetEmailResult",
    "SetPaperlessResult",
    "Text",
    "TheDateTime",
    "TheDecimal",
    "TheInteger",
]

NAMESPACE = "http://tempuri.org/"  # ASMX's default; the codec puts the service's own in its place

# .NET's value types cannot be null, so they are always there; its strings may be missing.
Text = Unicode.customize(min_occurs=0, nillable=False)
TheInteger = Integer32.customize(min_occurs=1, nillable=False)
TheDecimal = Decimal.customize(min_occurs=1, nillable=False)
TheDateTime = DateTime.customize(min_occurs=1, nillable=False)
TheBoolean = Boolean.customize(min_occurs=1, nillable=False)

_OUTCOME = [("Success", TheBoolean), ("ErrorMessage", Text)]


class BalanceCheckResult(ComplexModel):
    """Answer of BalanceCheck."""

    __namespace__ = NAMESPACE
    _type_info = [
        ("Balance", TheDecimal),
        ("FutureBalance", TheDecimal),
        ("Phone", Text),
        ("Email", Text),
        *_OUTCOME,
    ]


class MakePaymentExtendedResult(ComplexModel):
    """Answer of MakePaymentExtended [A-1]."""

    __namespace__ = NAMESPACE
    _type_info = list(_OUTCOME)


class SetPaperlessResult(ComplexModel):
    """Answer of SetPaperless."""

    __namespace__ = NAMESPACE
    _type_info = list(_OUTCOME)


class SetAutopayResult(ComplexModel):
    """Answer of SetAutopay."""

    __namespace__ = NAMESPACE
    _type_info = list(_OUTCOME)


class SetEmailResult(ComplexModel):
    """Answer of SetEmail."""

    __namespace__ = NAMESPACE
    _type_info = list(_OUTCOME)
