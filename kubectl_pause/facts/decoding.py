"""Decoders of JSON, made by one thread at a time.

msgspec learns a Struct at its first decoding and keeps what it has learnt half way where others see it: two threads that decode the
same one for the first time may end the whole process (SIGSEGV, seen with msgspec 0.22).
"""

from __future__ import annotations

import threading
from typing import Any, TypeVar

import msgspec

Kind = TypeVar("Kind")

_made: dict[Any, msgspec.json.Decoder[Any]] = {}
_making = threading.Lock()


def decode_json(body: bytes, kind: type[Kind]) -> Kind:
    """`body` as `kind`. Raises as `msgspec.json.decode`."""
    with _making:
        decoder = _made.get(kind)
        if decoder is None:
            decoder = _made[kind] = msgspec.json.Decoder(kind)
    decoded: Kind = decoder.decode(body)
    return decoded
