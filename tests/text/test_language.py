"""A question in a language other than the papers' gets a hint; an English one with foreign names does not."""

from __future__ import annotations

import json

import pytest
from helpers.papers import CASES, ROOT

from rag.assistant import Assistant
from rag.text.language import language_of

QUESTIONS = {
    "German": [
        "Wie viele Otter hat der Drachen gezählt?",
        "Was ist ein Otter?",
        "wer zählt otter im nebel",
        "Wieviele Otter?",
    ],
    "French": [
        "Combien de loutres le cerf-volant a-t-il comptées ?",
        "Qu'est-ce qu'une loutre ?",
        "pourquoi les loutres",
    ],
    "Spanish": ["¿Cuántas nutrias contó la cometa?", "¿Qué es una nutria?", "cuantas nutrias hay en el rio"],
    "Portuguese": ["Quantas lontras a pipa contou?", "O que é uma lontra e onde vive?"],
    "Italian": ["Quante lontre ha contato l'aquilone?", "Che cosa sono le lontre?"],
    "Dutch": ["Hoeveel otters telde de vlieger?", "Wat is een otter en waarom telt men ze?"],
    "Polish": ["Ile wydr policzył latawiec?", "Czym jest wydra i dlaczego się ją liczy?"],
    "Czech": ["Kolik vyder spočítal drak?"],
    "Turkish": ["Uçurtma kaç su samuru saydı?", "Su samuru nedir ve nasıl sayılır?"],
    "Swedish": ["Hur många uttrar räknade draken?"],
    "Danish": ["Hvor mange oddere talte dragen?"],
    "Indonesian": ["Berapa banyak berang-berang yang dihitung?"],
    "Russian or another language in Cyrillic": ["Сколько выдр насчитал змей?"],
    "Chinese": ["风筝数了多少只水獭？"],
    "Japanese": ["凧は何匹のカワウソを数えましたか？"],
    "Korean": ["연은 수달을 몇 마리 세었나요?"],
    "Arabic": ["كم عدد ثعالب الماء؟"],
    "Greek": ["Πόσες βίδρες μέτρησε ο χαρταετός;"],
}


@pytest.mark.parametrize(("language", "question"), [(k, q) for k, questions in QUESTIONS.items() for q in questions])
def test_the_language_of_a_question(language: str, question: str) -> None:
    assert language_of(question) == language


@pytest.mark.parametrize(
    "question",
    ["Who is Müller in Schrödinger et al.?", "otter counts", "Die hard negatives", "La Jolla survey",
     "de novo design of proteins", "El Niño effects", "What is the Zeitgeist of LLM research?", "BERT vs. RoBERTa",
     "in vivo and in vitro results",
     "Le Cun's view"],
)  # fmt: skip
def test_an_english_question_is_english(question: str) -> None:
    assert language_of(question) in (None, "English")


def test_all_english_questions_of_the_project_are_english() -> None:
    rows = [json.loads(line) for line in (ROOT / "eval/qa.jsonl").read_text().splitlines()]
    rows += [json.loads(line) for line in (ROOT / "tests/data/follow_ups.jsonl").read_text().splitlines()]
    others = {row["question"] for row in rows if language_of(row["question"]) not in (None, "English")}
    assert others == {"Was ist die Hauptstadt der Mongolei?"}


def test_a_hint_is_given_if_english_papers_do_not_answer(assistant: Assistant) -> None:
    assistant.add([CASES / "26-language"])
    answer = assistant.ask("Wie viele Otter hat der Drachen gezählt?")
    assert any(note.startswith("The question seems to be in German") for note in answer.notes)
    assert not any("seems to be in" in note for note in assistant.ask("Who counts otters in fog?").notes)


def test_papers_in_the_language_of_the_question_get_no_hint(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("german")
    (folder / "otter.txt").write_text(
        "Das Zählen der Otter\n\nWir zählen die Otter mit einem Drachen. Der Drachen hat 37 gezählt und ist nicht "
        "teuer. Im Nebel ist er nicht zu gebrauchen.\n"
    )
    with Assistant.open(folder / "library", mode="quote") as opened:
        opened.add([folder / "otter.txt"])
        answer = opened.ask("Warum ist der Himmel über der Stadt blau?")
    assert not any("seems to be in" in note for note in answer.notes)
