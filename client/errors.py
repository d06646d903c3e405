"""
Everything the client raises, by who must act.

    ClientError
      TransportError           nothing usable came back                      .reason .sent .retryable .retry_after_s
                                                                             .local
      ProtocolError            an answer that breaks the contract            .status .excerpt .rule
        AnswerNotUnderstood      a 2xx in a shape that nothing reads: a person decides, nothing is sent again
      PartnerFault             the partner refused, in its words             .code .message .refused
      RequestInvalid           ours to fix; nothing was sent                 .field .value .rule
      FlowFailed               a user story stopped half-way (flows)         .story .steps .error
      PostbackRefused          a postback not to be believed: credit nothing .field .value .rule
      EventConflict            an event's id was used for another (datapump) .id .fields

These are no calls' errors. Whoever sets the client up, runs the data pump or hands in a file has to act:

    LookupError
      BillerUnknown            no biller of that GUID in that lane (settings)
      DeliveryNotFound         no delivery of that id (datapump)
    OSError
      FileStands               another file has the name of an export (exports)
    ValueError
      FileRefused              a file that Invoice Cloud exported is not as the source says (exports)
      FilesRefused             a run met such files; the others were taken (exports)
    RuntimeError
      FileChanged              a bill file changed while it was read (intake)
      LaneClosed               the lane is being reset or forked; try again soon (datapump)
      NotRunning               the data pump was not started (datapump)
      EngineBusy               a data pump runs in this process already (datapump)
      EngineChanged            the installed engine is not the one this release knows (datapump)
    DatabaseUnusable
      NoSlot                   too many workers on one database (datapump)
      StartingTakesLong        another process makes the database's tables, and does not end (datapump)
      OtherVersion             the pump's tables are of another release (datapump)
    OperationalError
      DatabaseLocked           somebody else writes the pump's file and does not end; nothing was written (datapump)
    Exception
      TransitionRefused        a delivery in that state cannot go that way (datapump)
      Known                    the data pump's own: the event is there already, see its receipt; never seen outside
    BaseException
      Parked                   the data pump's own: ends a run without an outcome; never seen outside (datapump)

What is known of a payment after each: nothing was posted after `RequestInvalid`, after a `TransportError` that was
not `sent` and after a `PartnerFault` that `refused`; after any other the outcome is unknown.

Errors carry fields; the text is made from them, and no text holds a secret.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from partnerlab.contracts.masking import MASK, mask_excerpt

__all__ = [
    "AnswerNotUnderstood",
    "ClientError",
    "PartnerFault",
    "ProtocolError",
    "RequestInvalid",
    "TransportError",
    "redact",
]

EXCERPT = 500
LONGEST_WORDS = 4_000


class ClientError(Exception):
    """Base of everything the client raises. Can be pickled, so that it may cross a process boundary."""

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore, (type(self), str(self), self.__dict__.copy())


class TransportError(ClientError):
    """
    Nothing usable came back.

    `sent` says whether the request may have reached the partner: where it did, the outcome is unknown. `retryable`
    says whether trying again can help; `retry_after_s` is how long the partner asked to wait first, if it did. `local`
    says that this machine was short of something (connections, files, memory) and the partner was not even asked.
    """

    def __init__(
        self,
        operation: str,
        reason: str,
        *,
        sent: bool,
        retryable: bool = True,
        retry_after_s: float | None = None,
        local: bool = False,
    ) -> None:
        self.operation, self.reason, self.sent, self.retryable = operation, _words(reason), sent, retryable
        self.retry_after_s, self.local = retry_after_s, local
        fate = "the request may have been carried out" if sent else "the request was not carried out"
        super().__init__(f"{operation}: {self.reason} ({fate})")


class ProtocolError(ClientError):
    """An answer that breaks the contract: `status` as in HTTP, `rule` what it breaks, `excerpt` its beginning."""

    def __init__(self, operation: str, *, status: int, rule: str, body: str = "") -> None:
        self.operation, self.status, self.rule = operation, status, _words(rule)
        self.excerpt = mask_excerpt(body, EXCERPT)
        super().__init__(f"{operation}: status {status}: {self.rule}" + (f": {self.excerpt!r}" if body else ""))


class AnswerNotUnderstood(ProtocolError):
    """
    The partner answered that all was well, in a shape that nothing here reads (assumed [A-78]).

    `excerpt` is what it said. The call may have been carried out, so it is never made again by itself, even where the
    partner would know it again: a person reads the answer and decides.
    """


class PartnerFault(ClientError):
    """
    The partner refused, in its own words: `code` is a SOAP fault code, an HTTP status, or `Success=false`.

    `refused` is false for a fault of the partner's own making (`soap:Server`): it broke while it handled the request,
    and whether it had posted by then is unknown.
    """

    def __init__(self, operation: str, *, code: str, message: str, refused: bool = True) -> None:
        self.operation, self.code, self.message, self.refused = operation, code, _words(message), refused
        super().__init__(f"{operation}: {code}: {self.message}")


class RequestInvalid(ClientError):
    """Ours to fix: a value that the contract does not allow. Nothing was sent."""

    def __init__(self, field: str, value: object, rule: str) -> None:
        self.field, self.value, self.rule = field, _words(str(value)), rule
        super().__init__(f"{field}: {self.value!r}: {rule}")


def redact(text: str, secrets: Iterable[str]) -> str:
    """
    *text* without any of *secrets*, in whatever case or escaping (XML, HTML, URL) it repeats them.

    For words that are not ours: a partner's message may quote the key it was given. A secret of fewer than four
    characters is left, because blotting it out would blot out half the text.
    """
    for secret in secrets:
        if len(secret) >= 4:
            escaped = html.escape(secret, quote=False), html.escape(secret), quote(secret, "")
            forms = "|".join(re.escape(form) for form in {secret, *escaped})
            text = re.sub(forms, MASK, text, flags=re.IGNORECASE)
    return text


def _words(text: str) -> str:
    """Words of the other side, masked; cut, because they may be as long as it likes."""
    return mask_excerpt(text, LONGEST_WORDS)


def _restore(kind: type[ClientError], text: str, fields: dict[str, Any]) -> ClientError:
    """An error as it was before it was pickled."""
    error = kind.__new__(kind, text)
    error.__dict__.update(fields)
    return error
