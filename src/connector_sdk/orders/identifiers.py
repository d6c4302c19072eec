"""Client order ids that nobody else has, in whatever form a venue takes them."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import blake2b
from typing import Final, assert_never
from uuid import UUID

from connector_sdk.errors import ConfigError
from connector_sdk.model.manifest import ClientOrderIdFormat

BLOCK: Final = 1 << 16
"""Ids that are minted one after the other before another block is drawn."""
BLOCK_BITS: Final = 112
"""A text id spends at most so many bits on the name of its block: more would not be rarer."""
SEED_BYTES: Final = 8
LEAST_BITS: Final = 24


class ClientOrderIds:
    """Mints client order ids within `form`, unique across processes and restarts.

    seed:  at least 8 random bytes, made anew at every start; whoever makes them needs the luck.

    Ids come in blocks of 65,536. The names of the blocks follow from the seed as if drawn by lot,
    so nothing need be remembered or agreed on: two processes share an id only where they draw the
    same block. Of k blocks ever drawn (one at every start, and one more every 65,536 ids) two are
    the same with a chance of about k² / 2^(b + 1), where b is 106 for a ``uuid``, up to 112 for
    ``text`` and `form.bits` - 16 for an ``integer``: with 48 bits, 1 in 8,600 for a thousand
    blocks. A venue with so narrow a format refuses the second open order of one id.
    """

    def __init__(self, form: ClientOrderIdFormat, seed: bytes) -> None:
        if len(seed) < SEED_BYTES:
            raise ConfigError(f"a seed of client order ids needs {SEED_BYTES} random bytes")
        self._seed = seed
        self._drawn = 0
        self._within = BLOCK
        self._block: Callable[[int], str] = str
        match form.kind:
            case "text":
                self._blocks = _Texts(form).block
            case "uuid":
                self._blocks = _uuids
            case "integer":
                self._blocks = _Integers(form.bits).block
            case _:
                assert_never(form.kind)

    def mint(self) -> str:
        """An id that nobody had before."""
        if self._within >= BLOCK:
            drawn = self._drawn.to_bytes(8, "big")
            number = int.from_bytes(blake2b(drawn, key=self._seed[:64]).digest(), "big")
            self._block = self._blocks(number)
            self._drawn += 1
            self._within = 0
        within = self._within
        self._within += 1
        return self._block(within)


class _Texts:
    """Ids of an alphabet: the prefix, the block's name, the number within the block."""

    def __init__(self, form: ClientOrderIdFormat) -> None:
        self._alphabet = "".join(dict.fromkeys(form.alphabet))
        self._prefix = form.prefix
        if len(self._alphabet) < 2:
            raise ConfigError("client order ids need an alphabet of two characters at least")
        self._within = self._digits(BLOCK.bit_length() - 1)
        room = form.maximum_length - len(form.prefix) - self._within
        self._width = min(room, self._digits(BLOCK_BITS))
        if len(self._alphabet) ** max(self._width, 0) < 1 << LEAST_BITS:
            raise ConfigError(
                f"client order ids of {form.maximum_length} characters leave no room for unique "
                f"ones after the prefix {form.prefix!r}"
            )

    def block(self, number: int) -> Callable[[int], str]:
        begin = self._prefix + self._spelled(number, self._width)
        return lambda within: begin + self._spelled(within, self._within)

    def _digits(self, bits: int) -> int:
        """How many characters can spell every number of so many bits."""
        width = 0
        while len(self._alphabet) ** width < 1 << bits:
            width += 1
        return width

    def _spelled(self, number: int, width: int) -> str:
        """The last `width` digits of `number`, the least first: any order is as unique."""
        alphabet, size = self._alphabet, len(self._alphabet)
        spelled: list[str] = []
        for _ in range(width):
            number, digit = divmod(number, size)
            spelled.append(alphabet[digit])
        return "".join(spelled)


class _Integers:
    def __init__(self, bits: int) -> None:
        self._bits = bits

    def block(self, number: int) -> Callable[[int], str]:
        begin = (number * BLOCK) % (1 << self._bits)
        return lambda within: str(begin + within)


def _uuids(number: int) -> Callable[[int], str]:
    begin = (number * BLOCK) % (1 << 128)
    return lambda within: str(UUID(int=begin + within, version=4))
