"""BIP-39 mnemonics: checked with care, because a typing error gives a different network."""

from __future__ import annotations

import hashlib
import unicodedata
from difflib import get_close_matches
from functools import cache

from chainyard.errors import RequestError

WORD_COUNTS = (12, 15, 18, 21, 24)


def mnemonic_seed(mnemonic: str, *, key: str = "mnemonic") -> bytes:
    """The 64-byte seed of a mnemonic, with the empty passphrase.

    White space is evened out first, so that a mnemonic folded over lines is the same one.

    Args:
        key: where the mnemonic was given, as in
            ``network_params.preregistered_validator_keys_mnemonic``; named in errors.

    Raises:
        RequestError: unknown words, a wrong number of words or a wrong checksum.
    """
    text = check_mnemonic(mnemonic, key=key)
    return hashlib.pbkdf2_hmac("sha512", text.encode(), b"mnemonic", 2048)


def check_mnemonic(mnemonic: str, *, key: str = "mnemonic") -> str:
    """The mnemonic in its one form: NFKD, lower-case words, single spaces.

    The words themselves are in no message but for those that are wrong.

    Raises:
        RequestError: unknown words, a wrong number of words or a wrong checksum.
    """
    words = unicodedata.normalize("NFKD", mnemonic).split()
    if len(words) not in WORD_COUNTS:
        raise RequestError(
            f"{key}: a mnemonic has 12, 15, 18, 21 or 24 words; this one has {len(words)}"
        )
    _check_words(words, key)
    _check_checksum(words, key)
    return " ".join(words)


def _check_words(words: list[str], key: str) -> None:
    known = _positions()
    problems = [
        f"word {number} ({word!r}) is not in the English BIP-39 word list" + _nearest(word)
        for number, word in enumerate(words, 1)
        if word not in known
    ]
    if problems:
        raise RequestError("\n".join(f"{key}: {problem}" for problem in problems))


def _check_checksum(words: list[str], key: str) -> None:
    known = _positions()
    bits = "".join(f"{known[word]:011b}" for word in words)
    split = len(bits) * 32 // 33
    entropy = int(bits[:split], 2).to_bytes(split // 8, "big")
    expected = f"{hashlib.sha256(entropy).digest()[0]:08b}"[: len(bits) - split]
    if bits[split:] != expected:
        raise RequestError(
            f"{key}: all {len(words)} words are known, but the checksum is wrong",
            cause="two words are swapped, or one was replaced by another of the list",
        )


def _nearest(word: str) -> str:
    close = get_close_matches(word.lower(), _positions(), n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


@cache
def _positions() -> dict[str, int]:
    from mnemonic import Mnemonic  # noqa: PLC0415 - reads a file of 2048 words

    return {word: position for position, word in enumerate(Mnemonic("english").wordlist)}
