"""
The simple types of XML Schema as they usually stand in a message of .NET, and the values of what was not set.

.NET's value types cannot be null, so they are always there; its strings and byte arrays may be missing.
"""

from __future__ import annotations

import datetime
import decimal
from typing import Annotated

from partnerlab.simulators.kit.asmx.message import Simple

__all__ = [
    "MIN_DATE",
    "MIN_VALUE",
    "ZERO",
    "Base64Binary",
    "Boolean",
    "Date",
    "DateTime",
    "Decimal",
    "Int",
    "Long",
    "String",
]

MIN_VALUE = datetime.datetime(1, 1, 1)  # noqa: DTZ001 - DateTime.MinValue has no zone
"""A `DateTime` that was not set."""
MIN_DATE = datetime.date(1, 1, 1)
ZERO = decimal.Decimal(0)

String = Annotated[str | None, Simple("string", least=0)]
Int = Annotated[int, Simple("int")]
Long = Annotated[int, Simple("long")]
Decimal = Annotated[decimal.Decimal, Simple("decimal")]
Boolean = Annotated[bool, Simple("boolean")]
DateTime = Annotated[datetime.datetime, Simple("dateTime")]
Date = Annotated[datetime.date, Simple("date")]
Base64Binary = Annotated[bytes | None, Simple("base64Binary", least=0)]
