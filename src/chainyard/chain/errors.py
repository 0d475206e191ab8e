"""What can go wrong between us and a node.

    ChainyardError
    ├── ShapeError             JSON that is not what the specification says
    └── ApiError               a request to a node that did not end well
        ├── UnreachableError   no whole answer came: refused, reset, cut short, too late
        ├── RpcError           the node answered with a JSON-RPC error
        └── JwtError           the Engine API refused our token

Whatever of an answer gets into a message is bounded and harmless to a terminal.
"""

from __future__ import annotations

from chainyard.chain.text import safe_text
from chainyard.errors import ChainyardError

ANSWER_SHOWN = 300
"""Characters of a node's answer that an error shows."""


SERVER_ERROR = -32000
"""JSON-RPC code of whatever has no code of its own, temporary troubles among them."""


class ShapeError(ChainyardError):
    """JSON that does not have the shape that its specification gives it."""


class ApiError(ChainyardError):
    """A request to a node that did not end well.

    Args:
        what: what came back in place of an answer.
        url: scheme, host and port: never credentials, nor a path that may hold a key.
        asked: the request, as in ``GET /eth/v1/node/version`` or ``eth_chainId``.
        answer: what the node said; shown bounded and with control characters escaped.
        status: HTTP status, if an answer came.
    """

    def __init__(
        self,
        what: str,
        *,
        url: str,
        asked: str,
        answer: str = "",
        status: int | None = None,
        cause: str = "",
        hint: str = "",
    ) -> None:
        self.url = url
        self.asked = safe_text(asked, ANSWER_SHOWN)
        self.answer = safe_text(answer.strip(), ANSWER_SHOWN)
        self.status = status
        message = f"{url}: {self.asked}: {safe_text(what, ANSWER_SHOWN)}"
        if self.answer:
            message += f": {self.answer}"
        super().__init__(message, cause=cause, hint=hint)

    @property
    def temporary(self) -> bool:
        """Whether asking again later may succeed: no answer, 5xx, or "too many requests"."""
        return self.status is not None and (self.status >= 500 or self.status == 429)


class UnreachableError(ApiError):
    """No whole answer came: connection refused, reset, cut short, or too late."""

    @property
    def temporary(self) -> bool:
        """Always: a node that starts looks like this."""
        return True


class RpcError(ApiError):
    """The node's own error (JSON-RPC 2.0, section 5.1).

    ``code`` and ``reason`` are the node's; ``data`` is its extra value, not sanitised.
    """

    def __init__(
        self, code: int, reason: str, *, url: str, asked: str, data: object = None
    ) -> None:
        self.code = code
        self.reason = safe_text(reason, ANSWER_SHOWN)
        self.data = data
        super().__init__(f"error {code}", url=url, asked=asked, answer=reason)

    @property
    def temporary(self) -> bool:
        """Never: the node understood and said no."""
        return False


class JwtError(ApiError):
    """The Engine API refused our token."""

    @property
    def temporary(self) -> bool:
        """Never: neither the secret nor the clock changes by asking again."""
        return False
