"""Tell statements from what else a model writes: fragments, titles, questions, echoes, talk, cut sentences."""

import re
from collections.abc import Iterable

from ...text.readable import folded, readable
from .synonyms import FUNCTION_WORDS, GENERIC_WORDS
from .word_overlap import WORD, is_content_word, split_words, stem

NOT_WHOLE = "It is not a whole sentence."
_FEWEST_WORDS = 3
_TITLE_CASE = 0.75  # share of a title's longer words that have a capital
_ECHO_WORDS = 3  # words in a row that count as copied from the instructions
_ECHOED = 0.6  # share of a sentence's rows of words from which it is an echo

_CUT = re.compile(
    r"\b(?:the|an?|of|and|or|to|in|for|with|that|which|who|whose|by|as|from|on|at|its|their|our|this|these|is|are|was"
    r"|were|be|than|because|while|whereas|if|when|such|into|between|using)\W*$|[,(\[–-]\s*$",
    re.IGNORECASE,
)
_TALK = re.compile(
    r"^i\s|\bi['’](?:m|ll|d|ve)\b|\bI (?:am|have|will|would|can|could|do|think|hope|cannot|was)\b"
    r"|\b(?:you|your|yours|please)\b"
    r"|^(?:the )?(?:question|answer|passages?|prompt)(?: (?:above|below|given|provided|to|in|of|from)\b[^.]{0,30})?"
    r" (?:is|are|asks?|above)\b"
    r"|^(?:let['’]?s|let us|here (?:is|are)|here['’]s)\b",
    re.IGNORECASE,
)
_ORDER = re.compile(
    r"^(?:use|write|do not|don['’]t|answer|copy|read|remember|see|consider|make sure|ensure|give|provide|reply|respond"
    r"|add|end each|never|explain|describe|list|summari[sz]e|choose|select|cite|quote)"
    r"(?=[\s:,])(?!\s+(?:of|is|are|was|were)\b)",
    re.IGNORECASE,
)
_YES_NO = re.compile(
    r"^(?:is|are|was|were|do|does|did|can|could|will|would|should|has|have|had|may|might|must)\b", re.IGNORECASE
)
_CHOICE = re.compile(r"\bor\b", re.IGNORECASE)

_PAST = re.compile(r"(?<=[^\W_] )[a-z]{3,}ed\b(?!-)")
# A word between a noun and what opens an object is a verb: "The kite counts 94.5% of", "tests four", "pairs equally".
_BEFORE_OBJECT = re.compile(
    r"(?P<noun>[^\W\d_]+)\s(?P<verb>[a-z]{3,})\s"
    r"(?:an?|the|its|their|our|this|these|that|no|not|all|each|every|both|more|most|less|fewer|about|at|\d[\d.,]*%?"
    r"|two|three|four|five|six|seven|eight|nine|ten|[a-z]{3,}ly)(?!\w)"
)
# Nouns too, but no noun with what follows here.
_WORKS = re.compile(
    r"[^\W_] (?:works?|benefits?|surfaces?|ranks?|scales?|peaks?|results?|points?)"
    r" (?:together|well|best|only|from|in|with|by|as|at|to|on|like|among|across|through|better|worse)\b"
)

_OPENS_NOUN = frozenset(
    "a an the its their our this that these those of in for with on to and or by from as at".split()
)

_AUXILIARIES = (
    "is are was were be been being has have had do does did can could may might must shall should will would "
    "cannot isn't aren't wasn't weren't don't doesn't didn't can't couldn't won't wouldn't hasn't haven't"
)
_VERBS = (
    "abandon absorb accelerate accept accommodate accompany accumulate achieve acquire act activate adapt add address "
    "adjust adopt affect aggregate agree aim alleviate allow alter annotate anticipate appear apply approximate argue "
    "arise arrange ask assemble assert assess assign assist assume attain attend attract augment automate avoid beat "
    "become begin behave belong better bind bite blame boost borrow break breathe bring build burn buy calculate call "
    "capture carry cast cause cease change characterize choose circumvent cite claim classify climb close collaborate "
    "collapse collect combine come communicate compare compete compile complement compress comprise compromise compute "
    "concern conclude conduct confirm conserve consider consist constitute constrain construct consume contain "
    "continue contradict contribute control converge convert convey cooperate cope correct correlate correspond count "
    "cover create criticize cross customize cut deal decay decide declare decline decompose decrease dedicate define "
    "degrade deliver demonstrate denote depend deploy derive describe deserve designate destroy detect determine "
    "develop deviate devise diagnose die differ differentiate dilute diminish disagree disappear discover discuss "
    "dismiss display disrupt distinguish distort divide do dominate double draw drift drive drop earn ease eat educate "
    "eliminate embed emerge emit emphasize employ enable encode encompass encounter encourage endorse enhance enrich "
    "ensure entail enter err escape establish estimate evaluate evoke evolve examine exceed excel exclude execute "
    "exhibit exist expand expect explain explode exploit explore express extend extract fabricate face facilitate fail "
    "fall favor favour feed fetch fight fill filter find finish fit fix fly focus follow force forecast foresee forget "
    "form formulate foster fuse gain gather generalize generate get give go grow guide hallucinate halve handle happen "
    "harm help hide highlight hinder hinge hire hold host hurt identify ignore illustrate imagine imitate impair "
    "implement imply impose improve include incorporate increase indicate induce infer inform inherit inhibit "
    "initialize initiate inject insert insist inspect inspire install integrate intend interact interfere interpret "
    "introduce invert invest investigate invite involve isolate join judge justify keep kill know lack lag last lay "
    "lead leak lean learn leave lend lessen let leverage lie lift lighten list localize locate look loosen lose lower "
    "maintain make manage manipulate master match mean memorize mention merge migrate mimic mislead misread miss "
    "mitigate modify move multiply narrow need negate neglect negotiate nominate note obey observe obtain occupy occur "
    "offer omit operate oppose optimize organize originate outline outpace outperform outrank outscore overcome "
    "overfit overlap overlook own participate pass pay penalize penetrate perceive perform permit permute persist "
    "perturb pick pinpoint place play plunge portray possess postpone predate predict prefer prepare present preserve "
    "prevent prioritize produce profit prohibit prolong promote propose protect prove provide prune publish punish "
    "pursue put quadruple quantify quote raise rank reach react read realize rearrange rebuild recast receive "
    "recognise recognize recommend reconstruct recover recruit rectify recur reduce refer refine reflect reformulate "
    "refuse regard regulate reinforce reinitialize reject relate relax rely remain remedy remember remind remove "
    "reorder repair repeat rephrase replace report represent require rerank rescue resemble reserve reside resolve "
    "resort respond restore restrict retain retire retrieve retry return reuse reveal reverse revise rewrite rise "
    "rival rotate run sacrifice satisfy save say scatter see seek seem select send separate serve set share shorten "
    "show shrink shuffle simplify simulate sleep slow soften solve speak specialize specify speed spend split spread "
    "stabilize stall stand start state stay steer stem stick stimulate stop store strengthen stress strive struggle "
    "suffer suggest suit summarize supervise supply support suppress surpass surround survive suspect sustain swap "
    "swim switch synthesize tackle tailor take teach tell tend terminate threaten thrive tolerate transcribe transform "
    "translate transmit traverse treat trigger trim tune turn undergo underperform understand unify unlock use utilize "
    "validate vary verify violate visualize want warn weaken wear weigh widen win withstand worry worsen write yield"
)
_IRREGULAR = (
    "became began beat beaten brought built came chose costs did drew drove fell fed felt found gave gained got "
    "grew held kept knew known led left lost made meant met paid put ran read rose said saw seen sent set showed "
    "shown shrank spent split stood stayed stemmed taught thought took told understood went won wrote written"
)


def _forms(verb: str) -> Iterable[str]:
    base = verb.removesuffix("e")
    yield from (verb, verb + "s", verb + "es", base + "ed")
    if verb.endswith("y"):
        yield from (verb[:-1] + "ies", verb[:-1] + "ied")


_FINITE = frozenset(_AUXILIARIES.split()) | frozenset(_IRREGULAR.split())
_FINITE |= {form for verb in _VERBS.split() for form in _forms(verb)}


def statement_fault(
    sentence: str, question: str = "", titles: Iterable[str] = (), instructions: str = "", *, was_cut: bool = False
) -> str:
    """Return why a sentence of a model is no statement that could be supported, "" if it is one.

    `question` is what the model was asked, `titles` are those of the papers that it was given, `instructions` what it
    was told to do; with `was_cut` the model was stopped, and the sentence is its last.
    """
    text = " ".join(readable(sentence).split())
    ends = text.rstrip("\"'”’)]*_ ")[-1:]
    if ends in ("?", "？"):
        return "It is a question."
    if (was_cut and ends not in (".", "!", "…", "。", "！")) or (ends != "." and _CUT.search(text)):
        return "The sentence is cut."
    if any(_is_title(text, title) for title in titles):
        return "It is a title."
    words = split_words(text)
    if _TALK.search(text) or _ORDER.search(text) or _echoes(instructions, words):
        return "It speaks of the task, not of the papers."
    if len(words) < _FEWEST_WORDS or ends == ":" or _has_title_case(text) or not _has_verb(text, words):
        return NOT_WHOLE
    if question and _echoes_question(words, question):
        return "It only repeats the question."
    return ""


def may_be_verb(word: str) -> bool:
    """Return whether a word is a form of a verb, or looks like one."""
    base = word.removesuffix("ing")
    return word in _FINITE or (base != word and (base in _FINITE or f"{base}e" in _FINITE)) or word.endswith("ed")


def subject_of(sentence: str) -> tuple[list[str], list[str]]:
    """Return the words before the first verb, none if it opens the sentence or there is none, and those after it."""
    words = split_words(sentence)
    verb = next((i for i, word in enumerate(words) if word in _FINITE), 0)
    return words[:verb], words[verb + 1 :] if verb else words


def _is_title(text: str, title: str) -> bool:
    said, named = folded(text), folded(title)
    return bool(said) and (said == named or (len(said.split()) > 2 and named.startswith(f"{said} ")))


def _has_verb(text: str, words: list[str]) -> bool:
    if _FINITE.intersection(words) or _PAST.search(text) or _WORKS.search(text):
        return True
    found = ((match["noun"].casefold(), match["verb"]) for match in _BEFORE_OBJECT.finditer(text))
    return any(noun not in _OPENS_NOUN and verb not in FUNCTION_WORDS for noun, verb in found)


def _has_title_case(text: str) -> bool:
    longer = [word for word in WORD.findall(text) if len(word) > 3 and word[0].isalpha()]
    if _FINITE.intersection(WORD.findall(text)):
        return False
    return len(longer) > 3 and sum(word[0].isupper() for word in longer) >= _TITLE_CASE * len(longer)


def _echoes(instructions: str, words: list[str]) -> bool:
    rows = _rows(words)
    return bool(rows) and len(rows & _rows(split_words(instructions))) >= _ECHOED * len(rows)


def _rows(words: list[str]) -> set[tuple[str, ...]]:
    return {tuple(words[i : i + _ECHO_WORDS]) for i in range(len(words) - _ECHO_WORDS + 1)}


def _echoes_question(words: list[str], question: str) -> bool:
    """Return whether a sentence says nothing that the question does not say; "Does A help?" may be answered so."""
    if _YES_NO.match(question.strip()) or _CHOICE.search(question):
        return False
    asked = set(map(stem, split_words(question)))
    new = {word for word in words if _says_something(word) and stem(word) not in asked}
    return not new


def _says_something(word: str) -> bool:
    short = not is_content_word(word) and word in FUNCTION_WORDS
    return not short and word not in FUNCTION_WORDS and word not in GENERIC_WORDS and len(word) > 1
