"""
One request on its way: the request as a value, the pool of connections that sends it, and what may go wrong.

Nothing here knows a partner or what a body means. httpx is imported when the first transport is made.
"""

from partnerlab.client.http.request import (
    DEFAULT_TIMEOUTS,
    LONG_TIMEOUTS,
    PAYER_WAITS,
    AsyncSend,
    HttpRequest,
    HttpResponse,
    Send,
    Timeouts,
    check_url,
    shown_url,
)
from partnerlab.client.http.transport import MAX_ANSWER_BYTES, AsyncTransport, Transport

__all__ = [
    "DEFAULT_TIMEOUTS",
    "LONG_TIMEOUTS",
    "MAX_ANSWER_BYTES",
    "PAYER_WAITS",
    "AsyncSend",
    "AsyncTransport",
    "HttpRequest",
    "HttpResponse",
    "Send",
    "Timeouts",
    "Transport",
    "check_url",
    "shown_url",
]
