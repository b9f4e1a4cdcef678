"""Follow-ups by their words: courtesies, questions that depend on the one before, and how these are joined."""

import enum
import re
from collections.abc import Sequence

from .. import arguments
from ..errors import QuestionError
from ..text.cleaning import clean
from ..types import REFUSAL
from .terms import MAX_QUESTION, search_terms

History = Sequence[tuple[str, str]]
"""Earlier turns as (question, answer), oldest first."""

MOST_TURNS = 20  # the last turns of a history that are used; a question does not refer to older ones

NO_QUESTION = "There is no question in that. Ask something that your papers may answer."

_POINTER = re.compile(
    r"\b(?:it|its|itself|they|them|their|theirs|he|she|his|her|the same|former|latter)\b"
    r"|\bthere(?=\s*(?:[?.,;]|$))"
    # "That" as a pronoun, not as a conjunction.
    r"|\b(?:this|that|these|those)(?=\s*(?:[?.,;]|$)|\s+(?:one|ones|paper|papers|method|methods|model|models|work|approach|"
    r"study|system|framework|dataset|data|benchmark|result|results|number|numbers|figure|figures|idea|trick|claim|way)\b)"
    r"|\b(?:explain|describe|summari[sz]e|repeat|rephrase|simplify|clarify|say|put) (?:this|that|these|those)\b"
    r"|^(?:is|was|does|did|do|are|were|why|how) (?:\w+ )?(?:this|that|these|those)\b",
    re.IGNORECASE,
)
_BARE_NAME = re.compile(r"(?:the )?[\w-]*[A-Z][\w-]*(?: [A-Z][\w-]*){0,3}\s*[?.!]*")
_GOES_ON = re.compile(
    r"^(?:(?:and|but|so|or|then|also|what about|how about|really|compared(?: to| with)?)\b[\s,]*)+", re.IGNORECASE
)
_DEFINITION = re.compile(
    r"^(?:what(?:'s| is| are| was| were)|define|who(?: is| was))(?! (?:the|this|that)\b) ", re.IGNORECASE
)
_FEW_TERMS = 3

# Words that apply to any paper and name no topic.
_OF_ANY_PAPER = frozenset(
    "limitation limitations limits drawback drawbacks weakness weaknesses strength strengths advantage advantages "
    "contribution contributions conclusion conclusions finding findings result results summary abstract detail details "
    "example examples dataset datasets data method methods methodology model models metric metrics baseline baselines "
    "benchmark benchmarks experiment experiments evaluation evaluated tested trained training code available open "
    "source license licence funding funded author year years venue published language languages size big large small "
    "long fast slow cost costs expensive cheap accuracy accurate score scores number numbers percent well good better "
    "best worse worst people humans step steps come main key future reproducible compare compared comparison "
    "wrote written explain elaborate describe tell summarize summarise clarify expand rephrase continue simple "
    "simpler simply plain brief briefly short shorter term terms depth context".split()
)

_COURTESY = frozenset(
    "thanks thank thx ty cheers ok okay k great good cool nice perfect awesome wonderful excellent super brilliant "
    "amazing understood right yes yeah yep no nope sure alright fine hello hi hey bye goodbye morning evening "
    "afternoon night welcome please sorry interesting hmm wow merci danke gracias grazie".split()
)
_AGREES = re.compile(
    r"(?:oh |ah |ok |okay |now )?(?:i (?:see|understand|got it)|got it|(?:that )?makes sense|good to know|"
    r"(?:great|good|nice|excellent) (?:answer|job|work|point|stuff))(?: now)?"
)
_FILLERS = frozenset(
    "you so much very a lot that this it i see got helps helped is was all for the your help now well done too and to "
    "know there again really me what of oh ah just have day one enough".split()
)
_ASKS = frozenset("is are was were do does did can could will would what which who whose when where why how".split())


class Lean(enum.Enum):
    """How much a question depends on the one before it."""

    NONE = "it is standalone"
    MAYBE = "it is short or begins with a connective, and may be about a new topic"
    POINTS = "it has a word that refers back"


def check_history(history: History | None) -> list[tuple[str, str]]:
    """Return the last `MOST_TURNS` turns of a history. Raise QuestionError if it is not a list of pairs of text."""
    turns = list(arguments.several("history", history) or ())
    for turn in turns:
        if not (isinstance(turn, (tuple, list)) and len(turn) == 2 and all(isinstance(part, str) for part in turn)):
            raise QuestionError(f"The history is a list of (question, answer) pairs of text; {turn!r} is not one.")
    return [(clean(question), clean(answer)) for question, answer in turns[-MOST_TURNS:]]


def is_courtesy(text: str) -> bool:
    """Return whether a text only thanks, greets, agrees or says goodbye: "thanks, that helps"."""
    words = re.findall(r"[^\W_]+", text.casefold())
    if _AGREES.fullmatch(" ".join(words)):
        return True
    if not words or words[0] in _ASKS or not _COURTESY.intersection(words):
        return False
    return all(word in _COURTESY or word in _FILLERS for word in words)


def lean(question: str) -> Lean:
    """Return how much a question depends on the one before it, by its words."""
    core = without_opening(question)
    if _POINTER.search(core) or not own_terms(core):
        return Lean.POINTS
    if _DEFINITION.match(core):
        return Lean.NONE
    if core != question.strip() or len(search_terms(core)) < _FEW_TERMS:
        return Lean.MAYBE
    return Lean.NONE


def without_opening(question: str) -> str:
    """Return a question without its opening connectives: "in fog?" for "And in fog?"."""
    return _GOES_ON.sub("", question.strip())


def _names_another(question: str) -> bool:
    """Return whether a question only replaces the name in the one before it: "And SciBERT?"."""
    core = without_opening(question)
    return core != question.strip() and bool(_BARE_NAME.fullmatch(core))


def own_terms(question: str) -> tuple[str, ...]:
    """Return the search terms of a question that can name a topic, so not "limitations" or "datasets"."""
    return tuple(term for term in search_terms(without_opening(question)) if term not in _OF_ANY_PAPER)


def before_pointer(question: str) -> str:
    """Return the text before the first word that refers back, which may refer to something in this text."""
    pointer = _POINTER.search(question)
    return question[: pointer.start()] if pointer else ""


def joined_question(question: str, history: History, *, leave_out: Sequence[str] = ()) -> str:
    """Return a question preceded by those it follows, back to the last standalone one.

    Courtesies are skipped, and so are short questions that were refused: the papers do not cover their topic. After
    "And SciBERT?" the topic is SciBERT. `leave_out` are words to drop from the earlier questions: names that a new one
    replaces.
    """
    parts = [question]
    for earlier, answer in reversed(history):
        leaning = lean(earlier)
        if is_courtesy(earlier) or (leaning is Lean.MAYBE and answer.startswith(REFUSAL)):
            continue
        parts.insert(0, earlier)
        if leaning is Lean.NONE or _names_another(earlier):
            break
    before = " ".join(parts[:-1])
    for word in leave_out:
        before = re.sub(rf"(?<!\w){re.escape(word)}(?:['’]s)?(?!\w)", "", before)
    whole = " ".join(f"{before} {question}".split())
    return whole if len(whole) <= MAX_QUESTION else question
