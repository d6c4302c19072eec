from __future__ import annotations

import re
from typing import Any
from uuid import UUID

import pytest

from connector_sdk.errors import ConfigError
from connector_sdk.model.manifest import ClientOrderIdFormat
from connector_sdk.orders.identifiers import BLOCK, ClientOrderIds


def seed(number: int) -> bytes:
    return number.to_bytes(16, "big")


def form(**settings: Any) -> ClientOrderIdFormat:
    return ClientOrderIdFormat(**settings)


def minted(form: ClientOrderIdFormat, of: int, count: int) -> list[str]:
    ids = ClientOrderIds(form, seed(of))
    return [ids.mint() for _ in range(count)]


@pytest.mark.parametrize(
    "kind",
    [form(), form(maximum_length=19), form(kind="uuid"), form(kind="integer", bits=48)],
    ids=["36 characters", "19 characters", "uuid", "48 bits"],
)
def test_four_processes_never_mint_one_id_twice(kind: ClientOrderIdFormat, campaign: bool) -> None:
    each = 1_000_000 if campaign else 2 * BLOCK
    seen: set[str] = set()
    for process in range(4):
        seen.update(minted(kind, process, each))
    assert len(seen) == 4 * each


@pytest.mark.parametrize("length", range(19, 65))
def test_a_text_id_fits_its_length_alphabet_and_prefix(length: int) -> None:
    ids = minted(form(maximum_length=length, prefix="x-b1"), 7, 100)
    assert all(len(text) <= length for text in ids)
    assert all(re.fullmatch(r"x-b1[0-9A-Za-z]+", text) for text in ids)
    assert len({len(text) for text in ids}) == 1


def test_a_narrow_alphabet_is_spelled_with_more_characters() -> None:
    (text,) = minted(form(maximum_length=64, alphabet="0123456789abcdef"), 1, 1)
    assert re.fullmatch(r"[0-9a-f]{32}", text)


@pytest.mark.parametrize("bits", [40, 48, 63, 64])
def test_an_integer_id_stays_below_its_limit(bits: int) -> None:
    for process in range(50):
        (text,) = minted(form(kind="integer", bits=bits), process, 1)
        assert 0 <= int(text) < 1 << bits


def test_a_uuid_says_that_it_was_drawn_by_lot() -> None:
    for text in minted(form(kind="uuid"), 3, 10):
        assert UUID(text).version == 4
        assert str(UUID(text)) == text


def test_a_block_that_is_used_up_is_followed_by_another() -> None:
    ids = minted(form(kind="integer", bits=48), 5, BLOCK + 1)
    assert int(ids[BLOCK - 1]) - int(ids[0]) == BLOCK - 1
    assert int(ids[BLOCK]) // BLOCK != int(ids[0]) // BLOCK


def test_a_restart_begins_elsewhere_and_the_same_seed_in_the_same_place() -> None:
    assert minted(form(), 1, 3) == minted(form(), 1, 3)
    assert minted(form(), 1, 1) != minted(form(), 2, 1)


def test_a_prefix_that_leaves_no_room_is_refused() -> None:
    with pytest.raises(ConfigError, match="leave no room"):
        ClientOrderIds(form(maximum_length=16, prefix="a" * 12), seed(1))


def test_too_little_luck_is_refused() -> None:
    with pytest.raises(ConfigError, match="8 random bytes"):
        ClientOrderIds(form(), b"1234567")


def test_an_alphabet_of_one_letter_is_refused() -> None:
    with pytest.raises(ConfigError, match="two characters"):
        ClientOrderIds(form(alphabet="aaa"), seed(1))
