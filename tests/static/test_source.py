"""What a source says of itself: lines, and the characters that are not ASCII."""

from hypothesis import given
from hypothesis import strategies as st

from biopsy.model.behaviour import When
from biopsy.model.wallet import wallets
from biopsy.static.sight import Source


@given(st.lists(st.integers(0, 40_000), max_size=6), st.integers(0, 200_000))
def test_a_line_is_counted_from_the_start_wherever_it_is(lengths: list[int], offset: int) -> None:
    source = Source("a.txt", "\n".join("x" * length for length in lengths).encode(), When.CALL)
    assert source.line_at(offset) == 1 + source.text.count("\n", 0, offset)


@given(st.text())
def test_what_is_beyond_ascii_is_every_character_that_is_not_of_it(text: str) -> None:
    plain = text.encode("utf-8", "replace").decode()
    source = Source("a.txt", plain.encode(), When.CALL)
    assert source.beyond_ascii == "".join(c for c in plain if not c.isascii())


def test_a_word_in_no_alphabet_of_wallets_is_none() -> None:
    assert not list(wallets(f"solana bc1{'0' * 40} solana"))


@given(
    st.lists(
        st.sampled_from([b"a" * 5000, b"\xe2\x82\xac" * 1500, b"\xff", b"\xe2\x82", b"\n", b"x"]), max_size=12
    ),
    st.integers(0, 60_000),
)
def test_a_byte_belongs_to_a_character_wherever_it_is(pieces: list[bytes], offset: int) -> None:
    data = b"".join(pieces)
    offset = min(offset, len(data))
    source = Source("a.txt", data, When.CALL)
    assert source.character_at(offset) == len(data[:offset].decode("utf-8", "replace"))
