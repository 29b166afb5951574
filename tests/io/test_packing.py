"""gzip by libdeflate, against Python's own gzip."""

from __future__ import annotations

import gzip
import zlib
from itertools import pairwise

import numpy as np
import pytest

from napari_brats.io.packing import pack, unpack

CONTENT = np.random.default_rng(5).integers(0, 4, 5000, np.uint8).tobytes()
PACKED = gzip.compress(CONTENT)


@pytest.mark.parametrize("floats", [False, True])
def test_python_reads_what_is_packed(floats: bool) -> None:
    packed = pack(CONTENT, floats=floats)
    assert gzip.decompress(packed) == CONTENT
    assert packed[4:8] == bytes(4)  # no time
    assert not packed[3]  # no name
    assert pack(CONTENT, floats=floats) == packed


@pytest.mark.parametrize("level", [0, 1, 6, 9])
def test_what_zlib_packs_comes_back_whole(level: int) -> None:
    assert unpack(gzip.compress(CONTENT, level), len(CONTENT)) == CONTENT


@pytest.mark.parametrize("size", [0, 1, 2000, 5000])
def test_more_than_is_expected_comes_back_too(size: int) -> None:
    assert unpack(PACKED, size)[:size] == CONTENT[:size]
    assert len(unpack(PACKED, size)) == len(CONTENT)


def test_fewer_bytes_come_back_as_they_are() -> None:
    assert unpack(PACKED, 6000) == CONTENT


def test_a_quick_answer_is_one_buffer_of_its_own() -> None:
    assert isinstance(unpack(PACKED, len(CONTENT)), bytearray)


@pytest.mark.parametrize("cuts", [(3000,), (10,), (4990,), (1000, 2000, 3000), (0, 5000)])
def test_several_members_are_joined(cuts: tuple[int, ...]) -> None:
    edges = (0, *cuts, len(CONTENT))
    parts = [CONTENT[a:b] for a, b in pairwise(edges)]
    packed = b"".join(gzip.compress(part) for part in parts)
    assert unpack(packed, len(CONTENT)) == CONTENT


@pytest.mark.parametrize("more", [b"\0" * 512, b"garbage", b"\xff" * 4, PACKED])
def test_what_stands_behind_the_member_is_passed_over(more: bytes) -> None:
    assert unpack(PACKED + more, len(CONTENT))[: len(CONTENT)] == CONTENT


def test_a_name_and_a_time_in_the_header_do_not_matter() -> None:
    named = PACKED[:3] + b"\x08" + b"\x12\x34\x56\x78" + PACKED[8:10] + b"a.nii\0" + PACKED[10:]
    assert unpack(named, len(CONTENT)) == CONTENT


@pytest.mark.parametrize("place", [-8, -5, -4, -1, 300])
def test_a_wrong_byte_is_found(place: int) -> None:
    damaged = bytearray(PACKED)
    damaged[place] ^= 0x55
    with pytest.raises((zlib.error, gzip.BadGzipFile, EOFError)):
        unpack(bytes(damaged), len(CONTENT))


@pytest.mark.parametrize("length", [12, 100, -9, -8, -4, -1])
def test_half_a_file_is_found(length: int) -> None:
    with pytest.raises((zlib.error, gzip.BadGzipFile, EOFError)):
        unpack(PACKED[:length], len(CONTENT))
