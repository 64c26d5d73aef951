"""The book's search finds numbers: ``48.8`` is one word of its index, where Sphinx would see two."""

from __future__ import annotations

import re

from sphinx.application import Sphinx
from sphinx.search.en import SearchEnglish


class SearchNumbers(SearchEnglish):
    """English words, and numbers with their decimals."""

    _word_re = re.compile(r"\d+(?:[.,]\d+)+|\w+")
    js_splitter_code = r"var splitQuery = (query) => query.match(/\d+(?:[.,]\d+)+|[\p{L}\p{N}_]+/gu) ?? [];"


def setup(app: Sphinx) -> dict[str, bool]:
    """Make it the search of English books."""
    app.add_search_language(SearchNumbers)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
