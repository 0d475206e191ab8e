"""The Engine API's token: JWT with HS256 (execution-apis, engine/authentication)."""

from __future__ import annotations

import base64
import hmac
import json

from chainyard.errors import RequestError

SECRET_SIZE = 32
"""Bytes of the shared secret."""


def token(secret: bytes, issued_at: int) -> str:
    """A token that was issued at Unix time ``issued_at``; nodes accept it for 60 s."""
    head = _base64(b'{"alg":"HS256","typ":"JWT"}')
    signed = f"{head}.{_base64(json.dumps({'iat': issued_at}).encode())}"
    return f"{signed}.{_base64(hmac.digest(secret, signed.encode(), 'sha256'))}"


def read_secret(text: str) -> bytes:
    """The secret of a ``jwt.hex`` file's text.

    Raises:
        RequestError: it is not 32 bytes of hexadecimal. The text is not in the message.
    """
    try:
        secret = bytes.fromhex(text.strip().removeprefix("0x"))
    except ValueError:
        secret = b""
    return checked(secret)


def checked(secret: bytes) -> bytes:
    """``secret``, if it has the right size.

    Raises:
        RequestError: it has not.
    """
    if len(secret) != SECRET_SIZE:
        raise RequestError(
            f"the JWT secret is not {SECRET_SIZE} bytes",
            hint=f"a secret file holds {2 * SECRET_SIZE} hexadecimal digits",
        )
    return secret


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
