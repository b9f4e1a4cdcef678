"""The weights of question kinds are fitted on marked answers if there are enough."""

from eval.collections.qasper_papers import Annotation, PaperQuestion, Paragraph, QasperPaper
from eval.fit.kinds import fit_kinds


def paper(number: int) -> QasperPaper:
    said = f"The otters ate {number} crabs." if number % 10 else "The otters ate some crabs."
    texts = ["The otters ate at night and slept by day.", f"The otters were fed by hand. {said}", "Crabs feed otters."]
    paragraphs = tuple(Paragraph(f"{number}:{at}", "Results", text) for at, text in enumerate(texts))
    answer = Annotation("extractive", said, (said,))
    asked = PaperQuestion(str(number), "How many crabs did the otters eat?", (answer,), frozenset({f"{number}:1"}))
    return QasperPaper(str(number), f"Otters {number}", paragraphs, (asked,))


def test_the_weight_of_a_kind_is_positive_where_its_shape_marks_answers() -> None:
    weights, scores = fit_kinds([paper(number) for number in range(60)], {"number": 0.0, "list": 0.3})
    assert weights.keys() == {"number"}
    assert weights["number"] > 0
    assert scores["number"] == {"sentences": 240, "answers": 60}


def test_a_kind_with_few_answers_keeps_its_weight() -> None:
    assert fit_kinds([paper(number) for number in range(5)], {"number": 0.7}) == ({}, {})
