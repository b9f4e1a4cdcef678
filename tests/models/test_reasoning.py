"""Reasoning before an answer is removed, whatever markers a model puts around it."""

from __future__ import annotations

import pytest

from rag.models.reasoning import ReasoningFilter

ANSWER = "The kite finds 94.5% of the otters [1]."
MARKED = {
    "Qwen": f"<think>I look.</think>\n{ANSWER}",
    "never opened": f"I look. </think>{ANSWER}",
    "Seed": f"<seed:think>I look.</seed:think>{ANSWER}",
    "Mistral": f"[THINK]I look.[/THINK]{ANSWER}",
    "Kimi": f"◁think▷I look.◁/think▷{ANSWER}",
    "Cohere": f"<|START_THINKING|>I look.<|END_THINKING|><|START_RESPONSE|>{ANSWER}<|END_RESPONSE|>",
    "Sky-T1": f"<|begin_of_thought|>I look.<|end_of_thought|><|begin_of_solution|>{ANSWER}<|end_of_solution|>",
    "Apertus": f"<|inner_prefix|>I look.<|inner_suffix|>{ANSWER}",
    "Gemma": f"<unused94>thought I look.<unused95>{ANSWER}",
    "gpt-oss": "<|channel|>analysis<|message|>I look.<|end|><|start|>assistant<|channel|>final<|message|>"
    f"{ANSWER}<|return|>",
    "gpt-oss, with a tool": "<|start|>assistant<|channel|>commentary to=functions.x <|constrain|>json<|message|>{}"
    f"<|call|><|start|>assistant<|channel|>final<|message|>{ANSWER}",
    "in capitals": f"<THINK>I look.</THINK>{ANSWER}",
    "twice": f"<think>I look.</think>{ANSWER}<think>Good.</think>",
}


def answered(text: str, size: int) -> str:
    """Return the answer in a text that arrives in pieces of `size` characters."""
    reader, answer = ReasoningFilter(), ""
    parts = [part for at in range(0, len(text), size) for part in reader.feed(text[at : at + size])]
    for part in [*parts, *reader.close()]:
        answer = "" if part is None else answer + part
    return answer


@pytest.mark.parametrize("size", [1, 3, 1000])
@pytest.mark.parametrize("text", MARKED.values(), ids=MARKED)
def test_reasoning_is_removed(text: str, size: int) -> None:
    assert answered(text, size).strip() == ANSWER


@pytest.mark.parametrize("size", [1, 1000])
@pytest.mark.parametrize("text", ["<think>I look. It is", "◁think▷I", "<|channel|>analysis<|message|>I look"])
def test_reasoning_without_an_end_leaves_no_answer(text: str, size: int) -> None:
    assert answered(text, size) == ""


@pytest.mark.parametrize("size", [1, 5, 1000])
@pytest.mark.parametrize(
    "text",
    [
        ANSWER,
        "For p < 0.05 and x <think they say> [2].",
        'Models mark it by `<think>` and "</think>" [3].',
        "[think] again, a <b>, ◁ and <|",
        "It ends in <thi",
    ],
)
def test_ordinary_text_is_kept(text: str, size: int) -> None:
    assert answered(text, size) == text


def test_plain_text_is_passed_on_immediately() -> None:
    assert list(ReasoningFilter().feed("The kite")) == ["The kite"]
