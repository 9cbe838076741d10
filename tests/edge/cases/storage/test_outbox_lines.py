"""The lines that leave the unit: canonical JSON, as chain.jsonl has them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from edge.cases.evidence import canonical, read_lines
from edge.cases.storage.outbox import line_of

TEXT = st.text()


@given(header=TEXT, body=st.none() | TEXT, signature=st.none() | st.binary(min_size=64, max_size=64))
def test_a_line_is_canonical_whatever_the_texts_hold(header: str, body: str | None, signature: bytes | None) -> None:
    line = line_of(
        header.encode(),
        body.encode() if body is not None else None,
        signature,
        "0123456789abcdef" if signature else None,
    )
    wanted = {"header": header}
    if body is not None:
        wanted["body"] = body
    if signature is not None:
        wanted.update(signature=signature.hex(), key_id="0123456789abcdef")
    assert line == canonical(wanted) + b"\n"
    (link,) = read_lines(line)
    assert (link.header, link.body, link.signature) == (
        header.encode(),
        body.encode() if body is not None else None,
        signature,
    )
