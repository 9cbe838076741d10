"""The Merkle tree over the entries: RFC 6962's numbers, every proof of every size, tiles that are only a cache."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.cases.evidence import leaf_hash, root_of, sha256
from edge.cases.evidence.tree import TILE, path_of
from edge.cases.evidence.verify import Mismatch, root_of_leaves, root_of_proof
from edge.cases.storage import StateFolder
from edge.cases.storage.tree import ChainTree
from edge.cases.store import CaseStore
from tests.support.cases import SIGNER, UNIT, filled

RFC_LEAVES = [bytes.fromhex(text) for text in (
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"
)]  # fmt: skip
RFC_ROOTS = {
    1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    2: "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    3: "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
}
"""Leaves and roots that the implementations of Certificate Transparency test with."""


def plain_root(leaves: Sequence[bytes]) -> bytes:
    """The definition of RFC 6962, section 2.1, word for word."""
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while 2 * k < len(leaves):
        k *= 2
    return hashlib.sha256(b"\1" + plain_root(leaves[:k]) + plain_root(leaves[k:])).digest()


def test_the_roots_are_those_of_certificate_transparency() -> None:
    leaves = [leaf_hash(data) for data in RFC_LEAVES]
    for size, root in RFC_ROOTS.items():
        assert root_of(leaves[:size]).hex() == root == root_of_leaves(leaves[:size])
    assert root_of([]).hex() == sha256(b"") == root_of_leaves([])


@given(st.integers(1, 300), st.data())
def test_every_proof_leads_to_the_root_and_no_other_does(size: int, data: st.DataObject) -> None:
    leaves = [leaf_hash(str(number).encode()) for number in range(size)]
    root = root_of(leaves).hex()
    assert root == plain_root(leaves).hex() == root_of_leaves(leaves)
    index = data.draw(st.integers(0, size - 1))
    proof = [each.hex() for each in path_of(index, leaves)]
    assert root_of_proof(index, size, leaves[index], proof) == root
    other = data.draw(st.integers(0, size - 1))
    if other != index:
        assert _leads(other, size, leaves[index], proof) != root
        assert _leads(index, size, leaves[other], proof) != root
    for changed in ([*proof, "0" * 64], proof[:-1], proof[1:], list(reversed(proof))):
        if changed != proof:
            assert _leads(index, size, leaves[index], changed) != root


def _leads(index: int, size: int, leaf: bytes, proof: Sequence[str]) -> str:
    try:
        return root_of_proof(index, size, leaf, proof)
    except Mismatch:
        return ""


async def kept(state: Path, notes: int) -> list[bytes]:
    """A store with so many notes; returns its leaves."""
    store = await CaseStore.open(state, SIGNER, UNIT)
    for number in range(notes):
        await store.note("start", {"number": number})
    await store.close()
    with closing(sqlite3.connect(StateFolder(state).database)) as database:
        return [leaf_hash(header) for (header,) in database.execute("SELECT header FROM entries ORDER BY seq")]


async def test_tiles_change_nothing_and_are_made_again(tmp_path: Path) -> None:
    leaves = await kept(tmp_path, 3 * TILE)
    folder = StateFolder(tmp_path)
    written = folder.tiles.read_bytes()
    assert len(written) == 3 * 64 + 32, "a stop keeps the whole tiles"
    seqs = (1, 2, TILE, TILE + 1, 2 * TILE, len(leaves))
    tampered = (b"", b"rubbish", written[:-1], written[:64], bytes(len(written)), _other_chain(written))
    for content in (written, None, *tampered):
        folder.tiles.unlink(missing_ok=True)
        if content is not None:
            folder.tiles.write_bytes(content)
        with closing(sqlite3.connect(folder.database)) as database:
            for size in (1, TILE - 1, TILE, TILE + 1, 2 * TILE, 3 * TILE, len(leaves)):
                tree = ChainTree(folder, database, size)
                assert tree.root == plain_root(leaves[:size]).hex()
                for seq in (seq for seq in seqs if seq <= size):
                    assert root_of_proof(seq - 1, size, leaves[seq - 1], tree.proof(seq)) == tree.root
            assert (tree.kept == 3) is (content == written)
            tree.keep(folder)
            assert folder.tiles.read_bytes() == written


def _other_chain(written: bytes) -> bytes:
    """Tiles of another chain, whole in themselves."""
    content = written[:-32].translate(bytes(reversed(range(256))))
    return content + hashlib.sha256(content).digest()


async def test_a_checkpoint_reads_new_entries_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    await kept(tmp_path, 4 * TILE)
    folder, read = StateFolder(tmp_path), []
    with closing(sqlite3.connect(folder.database)) as database:
        database.set_trace_callback(lambda sql: read.append(sql) if "SELECT header" in sql else None)
        ChainTree(folder, database, 4 * TILE + 1).root  # noqa: B018 - it is computed
    assert len(read) == 1, "the entries after the last whole tile, and no earlier ones"


async def test_a_store_of_another_chain_in_its_place_has_its_own_tree(tmp_path: Path) -> None:
    await kept(tmp_path / "one", TILE)
    leaves = await kept(tmp_path / "other", TILE)
    (tmp_path / "one" / "tiles.bin").replace(tmp_path / "other" / "tiles.bin")
    folder = StateFolder(tmp_path / "other")
    with closing(sqlite3.connect(folder.database)) as database:
        assert ChainTree(folder, database, len(leaves)).root == plain_root(leaves).hex()


async def test_the_file_is_none_that_a_unit_does_not_know(tmp_path: Path) -> None:
    await filled(tmp_path, 1)
    await kept(tmp_path, TILE)
    assert StateFolder(tmp_path).tiles.exists() and StateFolder(tmp_path).foreign() == []
