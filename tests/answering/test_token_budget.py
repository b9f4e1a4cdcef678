"""Fitting passages and history into a context window."""

from __future__ import annotations

import pytest
from helpers.drafts import GIVEN
from helpers.papers import PAPERS, ROOT
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.answering.prompts import messages
from rag.answering.token_budget import MOST_TOKENS, fewest_tokens, fit_prompt, most_tokens, was_cut
from rag.errors import ConfigError
from rag.models.protocols import Embedder
from rag.types import Passage


@settings(max_examples=30, deadline=None)
@given(
    texts=st.lists(st.text(min_size=1, max_size=600) | st.sampled_from([t * 3 for t in PAPERS.values()]), max_size=12),
    history=st.lists(st.tuples(st.text(max_size=300), st.text(max_size=900)), max_size=6),
    context=st.integers(512, 8192),
    answer=st.integers(16, 512),
    budget=st.none() | st.floats(0, 100),
)
def test_the_context_is_never_exceeded(
    texts: list[str], history: list[tuple[str, str]], context: int, answer: int, budget: float | None
) -> None:
    passages = [Passage(t[:30], str(i), 1, None, t, 1.0, 0, len(t)) for i, t in enumerate(texts)]
    if most_tokens(messages("Who counts otters?", passages[:1], ())) > context - answer:
        with pytest.raises(ConfigError, match=r"\[ollama\] context_tokens"):
            fit_prompt("Who counts otters?", passages, history, context, answer, 0.02, budget)
        return
    fitted = fit_prompt("Who counts otters?", passages, history, context, answer, 0.02, budget)
    assert not passages or fitted.passages
    assert passages[:1] == fitted.passages[:1]
    assert fitted.most_tokens + answer <= context
    assert fitted.history == history[len(history) - len(fitted.history) :]
    assert fitted.messages == messages("Who counts otters?", fitted.passages, fitted.history)
    assert fewest_tokens(fitted.messages) <= fitted.most_tokens


def test_the_estimate_is_above_what_the_embedder_counts(embedder: Embedder) -> None:
    for path in sorted((ROOT / "eval" / "sample").glob("*.md")):
        prompt = [{"role": "user", "content": path.read_text(encoding="utf-8")}]
        counted = embedder.count_tokens([prompt[0]["content"]])[0]
        assert fewest_tokens(prompt) <= counted <= most_tokens(prompt) <= 2 * counted


def test_a_budget_in_seconds_limits_the_passages() -> None:
    many = GIVEN * 4
    fitted = [fit_prompt("Why?", many, (), 8192, 512, 0.05, budget) for budget in (0, 30, 60, 600)]
    counts = [len(each.passages) for each in fitted]
    assert counts[0] == 1
    assert counts == sorted(counts)
    assert fitted[-1].passages == many[: counts[-1]]
    assert all(each.most_tokens <= budget / 0.05 for each, budget in zip(fitted[1:], (30, 60, 600), strict=True))


def test_a_prompt_has_at_most_1500_tokens_if_no_speed_is_known() -> None:
    fitted = fit_prompt("Why?", GIVEN * 20, [("Who?", "Otters swim. " * 100)], 32_768, 512)
    assert 1000 < fitted.most_tokens <= MOST_TOKENS == 1500


def test_history_is_shortened_oldest_first() -> None:
    history = [(f"Question {n}?", "Otters swim in cold rivers. " * 20) for n in range(8)]
    kept = fit_prompt("Why?", GIVEN, history, 2048, 512).history
    assert 0 < len(kept) < 8
    assert kept == history[-len(kept) :]


def test_a_context_too_small_is_an_error_that_says_what_to_set() -> None:
    with pytest.raises(ConfigError, match=r"\[ollama\] context_tokens is 512. Set it to 1,024 or more"):
        fit_prompt("Why?", GIVEN, (), 512, 256)


def test_a_silently_cut_prompt_is_noticed() -> None:
    fitted = fit_prompt("Why?", GIVEN, (), 4096, 256)
    assert was_cut(fitted.fewest_tokens, fitted.fewest_tokens // 2)
    assert not was_cut(fitted.fewest_tokens, (fitted.fewest_tokens + fitted.most_tokens) // 2)
    assert not was_cut(fitted.fewest_tokens, None)
    assert not was_cut(fitted.fewest_tokens, 0)
