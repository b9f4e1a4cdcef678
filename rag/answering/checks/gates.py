"""What a sentence must pass before its score counts: facts that can be compared word by word with its quotes.

The score (support.py) measures how much of a sentence its quotes hold. One changed word, number or name in a copied
sentence hardly moves it, so such changes are looked for here, each with a reason that can be shown. A sentence that
does not pass is `partly` supported at most:

- names: a name, acronym or formula of the sentence stands neither in the quotes nor among the names that the quotes'
  papers give to themselves (named.py);
- subject: a name of the sentence stands only in another sentence of the quotes than what the sentence says, and that
  one is about another name (named.py), or it has another subject (near_copies.py);
- things that changed places (roles.py), comparisons turned round (comparisons.py), opposite degrees (degrees.py);
- numbers: a number does not stand in the quotes (quantities.py), or stands there beside other things
  (number_places.py);
- words: a near-copy has another word in the place of one (near_copies.py);
- length: it has more words or numbers than can be compared;
- cause: the quotes give no such cause (near_copies.py).

All but numbers and length are compared with at most four sentences, as answers cite them: in a longer text some
sentence is near by chance, and another name for a thing may stand anywhere.

What is no statement at all (statements.py) is unsupported.
"""

from collections.abc import Iterable, Sequence

from ...ingest.sentences import split_sentences
from .comparisons import turned_round
from .degrees import other_degree
from .named import missing_names, other_name, written_out
from .near_copies import changed_word, other_cause, other_subject
from .number_places import other_number
from .quantities import share_of_numbers
from .roles import exchanged
from .word_overlap import split_words

MOST_SENTENCES = 4  # of quotes that are compared word by word
_MOST_WORDS = 150  # of a sentence


def objection(sentence: str, quotes: Sequence[str], known: Iterable[str] = ()) -> str:
    """Return why the quotes cannot fully support the sentence, "" if no gate holds it back.

    `known` are names that may stand for what the quotes call "it" or "we".
    """
    if len(split_words(sentence)) > _MOST_WORDS:
        return "The sentence is too long to be compared."
    quotes = [written_out(quote, sentence) for quote in quotes]
    sentence = written_out(sentence, " ".join(quotes))
    whole = " ".join(quotes)
    parts = [text[a:b] for text in quotes for a, b in split_sentences(text)]
    if share_of_numbers(sentence, whole) < 1:
        return "The quote does not have each number."
    if number := other_number(sentence, whole):
        return f"The quote says {number} of something else."
    if len(parts) > MOST_SENTENCES:
        return ""
    if missing := missing_names(sentence, whole, known):
        return f"The quote does not name {missing[0]}."
    if subject := other_name(sentence, parts) or other_subject(sentence, parts):
        return f"The quote says so of {subject}."
    if exchanged_thing := exchanged(sentence, parts):
        return f'The quote says something else of "{exchanged_thing}".'
    if behind := turned_round(sentence, parts):
        return f'The quote does not put "{behind}" behind.'
    if degree := other_degree(sentence, parts):
        return f'The quote says the opposite of "{degree}".'
    if word := changed_word(sentence, parts):
        return f'The quote has another word in the place of "{word}".'
    if other_cause(sentence, parts):
        return "The quote does not give this cause."
    return ""
