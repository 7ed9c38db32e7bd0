"""Wallets are told from other words by their checksums."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from biopsy.model.wallet import coin_of, wallets

# Addresses of specifications and of famous first blocks: nobody's that matters.
ADDRESSES = [
    ("BTC", "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"),
    ("BTC", "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy"),
    ("BTC", "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq"),
    ("BTC", "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0"),
    ("ETH", "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"),
    ("ETH", "0xfb6916095ca1df60bb79ce92ce3ea74c37c5d359"),
    (
        "XMR",
        "44AFFq5kSiGBoZ4NMDwYtN18obc8AemS33DBLWs3H7otXft3XjrpDtQGv7SqSsaBYBb98uNbr2VBBEt7f2wfn3RVGQBEP3A",
    ),
    ("TRX", "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t"),
]


@pytest.mark.parametrize(("coin", "address"), ADDRESSES)
def test_an_address_is_known_by_its_checksum(coin: str, address: str) -> None:
    assert coin_of(address) == coin
    assert list(wallets(f'send("{address}")')) == [(coin, address, 6)]


@pytest.mark.parametrize(("coin", "address"), [pair for pair in ADDRESSES if pair[1] != ADDRESSES[5][1]])
def test_one_wrong_character_and_it_is_none(coin: str, address: str) -> None:
    swap = {"a": "b", "A": "B", "7": "8"}
    at = next((n for n, char in enumerate(address) if char in swap and n > 3), len(address) - 1)
    assert coin_of(address[:at] + swap.get(address[at], "8") + address[at + 1 :]) == ""


@pytest.mark.parametrize(
    "text",
    [
        "0x0000000000000000000000000000000000000000",
        "0xdeaddeaddeaddeaddeaddeaddeaddeaddeaddead",
        "da39a3ee5e6b4b0d3255bfef95601890afd80709",
        "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v",  # of Solana, but nothing says so
    ],
)
def test_placeholders_and_hashes_are_no_wallets(text: str) -> None:
    assert list(wallets(text)) == []


def test_an_address_of_solana_is_taken_where_the_text_speaks_of_it() -> None:
    text = "const solana = 'EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v'"
    assert [coin for coin, _, _ in wallets(text)] == ["SOL"]


@given(st.text(alphabet="123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz0xbc1l", max_size=200))
def test_no_text_makes_it_stumble(text: str) -> None:
    list(wallets(text))
