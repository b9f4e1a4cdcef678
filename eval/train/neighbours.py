"""Find the texts nearest to a question by BM25, in memory."""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Sequence

from rag.retrieval.terms import STOP_WORDS, search_terms, stem

_K, _B = 1.2, 0.75  # BM25's usual parameters


class Neighbours:
    """Texts ranked by BM25."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._found: dict[str, list[tuple[int, int]]] = defaultdict(list)
        counts = [Counter(stem(term) for term in _words(text)) for text in texts]
        self._lengths = [sum(each.values()) for each in counts]
        self._mean = sum(self._lengths) / max(len(texts), 1)
        for place, of_text in enumerate(counts):
            for term, count in of_text.items():
                self._found[term].append((place, count))

    def __len__(self) -> int:
        return len(self._lengths)

    def nearest(self, question: str, count: int) -> list[int]:
        """Return the indexes of the best `count` texts, best first; texts without a word of the question come last."""
        scores: dict[int, float] = defaultdict(float)
        for term in {stem(term) for term in search_terms(question)}:
            found = self._found.get(term, [])
            idf = math.log1p((len(self) - len(found) + 0.5) / (len(found) + 0.5))
            for place, times in found:
                length = _K * (1 - _B + _B * self._lengths[place] / self._mean)
                scores[place] += idf * times * (_K + 1) / (times + length)
        ranked = sorted(scores, key=lambda place: (-scores[place], place))[:count]
        if len(ranked) < count:
            ranked += [place for place in range(len(self)) if place not in scores][: count - len(ranked)]
        return ranked


def _words(text: str) -> list[str]:
    return [word for word in re.findall(r"[^\W_]+", text.casefold()) if word not in STOP_WORDS]
