"""
Everything the client raises, by who must act.

    ClientError
      TransportError     nothing usable came back               .retryable .sent
      ProtocolError      an answer that breaks the contract     .status .excerpt .rule
      PartnerFault       the partner refused, in its words      .code .message .operation
      RequestInvalid     ours to fix; nothing was sent          .field .value .rule

Errors carry fields; the text is made from them, and no text holds a secret.
"""

from __future__ import annotations

from contracts.masking import mask_text

__all__ = ["ClientError", "PartnerFault", "ProtocolError", "RequestInvalid", "TransportError"]

EXCERPT = 500


class ClientError(Exception):
    """Base of everything the client raises."""


class TransportError(ClientError):
    """
    Nothing usable came back.

    `sent` says whether the request may have reached the partner: where it did, the outcome is unknown. `retryable`
    says whether trying again can help.
    """

    def __init__(self, operation: str, reason: str, *, sent: bool, retryable: bool = True) -> None:
        self.operation, self.reason, self.sent, self.retryable = operation, mask_text(reason), sent, retryable
        fate = "the request may have arrived" if sent else "the request did not arrive"
        super().__init__(f"{operation}: {self.reason} ({fate})")


class ProtocolError(ClientError):
    """An answer that breaks the contract: `status` as in HTTP, `rule` what it breaks, `excerpt` its first 500 characters."""

    def __init__(self, operation: str, *, status: int, rule: str, body: str = "") -> None:
        self.operation, self.status, self.rule = operation, status, rule
        self.excerpt = mask_text(body[:EXCERPT])
        super().__init__(f"{operation}: status {status}: {rule}" + (f": {self.excerpt!r}" if body else ""))


class PartnerFault(ClientError):
    """The partner refused, in its own words: `code` is a SOAP fault code, an HTTP status, or `Success=false`."""

    def __init__(self, operation: str, *, code: str, message: str) -> None:
        self.operation, self.code, self.message = operation, code, mask_text(message)
        super().__init__(f"{operation}: {code}: {self.message}")


class RequestInvalid(ClientError):
    """Ours to fix: a value that the contract does not allow. Nothing was sent."""

    def __init__(self, field: str, value: object, rule: str) -> None:
        self.field, self.value, self.rule = field, mask_text(str(value)), rule
        super().__init__(f"{field}: {self.value!r}: {rule}")
