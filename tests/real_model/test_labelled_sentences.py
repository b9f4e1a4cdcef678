"""What real weights wrote to questions on the sample, with labels read by hand, for measuring the check of sentences.

`tests/data/model_sentences.jsonl` has a sentence a line with the quotes to check it by: those that the program cited,
else those that speak of the same, else the answer's. A label is `true` if the quotes say all of it, `partly` if they
say some of it, `false`, or `no_statement` (titles, echoes, fragments, words about the passages).
"""

from __future__ import annotations

import json

from helpers.papers import ROOT

SENTENCES = [json.loads(line) for line in (ROOT / "tests" / "data" / "model_sentences.jsonl").read_text().splitlines()]
LABELS = {"true", "partly", "false", "no_statement"}


def test_every_sentence_has_a_label_and_quotes_that_stand_in_the_sample() -> None:
    sample = " ".join(" ".join(path.read_text().split()) for path in sorted((ROOT / "eval" / "sample").glob("*.md")))
    assert {each["label"] for each in SENTENCES} == LABELS
    assert len({each["id"] for each in SENTENCES}) == len(SENTENCES) >= 60
    assert all(each["quotes"] for each in SENTENCES)
    assert [quote for each in SENTENCES for quote in each["quotes"] if quote not in sample] == []
