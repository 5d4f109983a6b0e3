"""Names in the data in the words of a reader: `out_series` → `role setting`."""

import re

from shared.settings import Paper


class Words:
    """Puts the names of a paper's data (`names` of paper.yaml) into words; of any other name the
    underscores become spaces."""

    def __init__(self, paper: Paper):
        self.names = paper.names
        longest_first = sorted(paper.names, key=len, reverse=True)
        known = "|".join(map(re.escape, longest_first))
        self.known = re.compile(rf"(?<!\w)(?:{known})(?!\w)") if known else None

    def __call__(self, text: str) -> str:
        """Of a text that is made of names."""
        if self.known:
            text = self.known.sub(lambda found: self.names[found[0]], text)
        return re.sub(r"(?<=\w)_(?=\w)", " ", text)

    def prose(self, text: str) -> str:
        """Of a sentence: only what no word of English looks like, `a_b` and `a+b_c`."""
        return re.sub(r"\w+(?:\+\w+)*_\w+(?:\+\w+)*", lambda found: self(found[0]), text)
