"""Values as Python source."""

from __future__ import annotations

import json
from datetime import date, datetime
from decimal import Decimal

__all__ = ["text_literal", "value_literal"]


def text_literal(text: str) -> str:
    """A text between double quotation marks, or single ones where it holds double ones."""
    if '"' in text and text.isprintable():
        return repr(text)
    return json.dumps(text, ensure_ascii=not text.isprintable())


def value_literal(value: object) -> tuple[str, str]:
    """A value, and the import that it needs or an empty text."""
    if isinstance(value, Decimal):
        return f'Decimal("{value}")', "from decimal import Decimal"
    if isinstance(value, datetime):
        return f'datetime.fromisoformat("{value.isoformat()}")', "from datetime import datetime"
    if isinstance(value, date):
        return f'date.fromisoformat("{value.isoformat()}")', "from datetime import date"
    return text_literal(value) if isinstance(value, str) else repr(value), ""
