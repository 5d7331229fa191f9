"""Pairs of a query or a form: read as the standard library reads them."""

from __future__ import annotations

from urllib.parse import parse_qsl

from hypothesis import example, given
from hypothesis import strategies as st

from app.problems import HttpError
from app.requests import MOST_FIELDS, _pairs


@given(
    st.one_of(
        st.binary(max_size=40),
        st.text("ab=&%+;#?0fFcC3e9 é", max_size=60).map(str.encode),
    )
)
@example(b"a=%zz&b=%e4&c")
@example(b"&".join([b"a=1"] * MOST_FIELDS))
@example(b"&" * MOST_FIELDS)
def test_pairs_are_read_as_the_standard_library_reads_them(raw: bytes) -> None:
    try:
        expected = parse_qsl(
            raw.decode(), keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS
        )
    except ValueError:
        expected = None
    try:
        found = _pairs(raw, "query")
    except HttpError:
        found = None

    assert expected == found
