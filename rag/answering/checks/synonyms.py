"""Words that mean about the same in papers of any field, and words that say nothing by themselves."""

import functools
from collections.abc import Iterable, Sequence

from .word_overlap import stem

_GROUPS = """
show shown demonstrate indicate reveal find found report observe suggest state claim conclude argue note say said
show illustrate confirm prove discover find found reveal demonstrate
use employ utilize apply leverage adopt rely
propose introduce present develop design describe offer put
contain include comprise hold consist cover feature have has had incorporate span
improve boost raise increase enhance lift gain better strengthen grow rise
reduce decrease lower cut shrink diminish lessen fall drop decline
outperform beat beaten surpass exceed overtake win
achieve reach obtain attain get gets got score yield
method approach technique framework system strategy procedure algorithm
dataset corpus collection benchmark data set
test evaluate assess measure examine study investigate analyse analyze explore compare check
result finding outcome
error mistake fault flaw
human people person participant
help assist aid support facilitate
require need demand call necessary
main primary key chief central major mainly
many numerous several multiple
produce generate create make made write written synthesize give gives yield
choose chosen select pick chose
cause lead result due because reason owing
depend rely base based rest
fast quick rapid
cheap inexpensive economical
costly expensive
large big great vast huge enormous
small little tiny
significant considerable substantial marked notable strong
considerably significantly substantially markedly notably strongly much far
difficult hard challenging
easy simple
begin start
end finish stop
allow enable permit let make possible
build construct create built develop
train teach trained learn taught
keep retain maintain preserve kept sustain
new novel unseen
old earlier previous prior existing former
often frequently commonly usually typically
sometimes occasionally
whole entire complete full
different various diverse distinct varied
part component portion subset fraction share
range breadth spectrum variety
ability capability capacity
kind type sort category class
change alter modify
task problem
answer response reply
query question
text document passage
refine improve revise
repeat iterate iteratively repeatedly
combine join merge integrate unite fuse together mix link
divide split separate break
remove delete eliminate omit drop
replace substitute
ask request query
correct right accurate
incorrect wrong inaccurate false
important essential crucial key vital
release publish share provide available open
about approximately roughly around nearly almost
only just alone solely merely
free without
agree match correspond align
resemble similar alike
expert specialist professional
author researcher
physician doctor clinician
lack absent missing without
fail struggle difficulty trouble unable
explain account
avoid prevent
deal handle cope tackle address
guide steer direct
assign allocate
label annotate annotation
rating score grade rate judge judgement judgment
speed speedup accelerate fast
decide determine
example instance case
number amount count total sum
each every per
via through by using
twice double doubled two
half halve halved
receive get take
want aim goal purpose objective
predict forecast
detect identify recognize recognise find spot notice
quality performance
inference decoding
user people
phase stage step
see seen meet met encounter encountered
low-level lower-level
clinically clinical
substantive real
timely prompt good
remain stay keep
degrade decay worsen deteriorate decline
unlabeled unlabelled
good high quality strong fine
extra additional further added more supplementary
later subsequent downstream following afterwards
earlier prior preceding
chance likelihood probability odds
central core main essence heart
idea concept notion principle
goal aim objective purpose target intention
benefit advantage gain merit upside
drawback disadvantage weakness shortcoming limitation downside
issue problem difficulty concern obstacle fault flaw weakness shortcoming limitation
cause trigger induce provoke
effect impact influence consequence
judge evaluate assess rate
answer response reply completion output solution
judgment judgement
people human user person annotator
doctor physician clinician medic
learner student pupil
step stage phase round
place rank position
top best highest
method way means approach
happen occur arise emerge appear
differ vary
match equal rival parallel level par
resemble mirror imitate mimic simulate copy
close near similar
surpass top outdo outscore
lag trail behind
fetch retrieve
look seek search
gather collect compile assemble
store save hold
send transmit deliver
hide mask cover conceal
hint clue cue
trace trajectory path
mix blend mixture combination
link connect tie associate relate couple
split partition segment
shorten compress condense
summarize condense
rewrite reformulate rephrase paraphrase
reformulation rewrite rewriting
translate convert transform turn
modify adapt adjust tune alter
fix repair correct mend solve
solve resolve
handle manage process
check verify validate confirm
monitor track watch
estimate calculate compute approximate
count number amount quantity
average mean
frequent common usual regular
rare uncommon scarce unusual
vast wide broad extensive
narrow limited restricted
deep thorough profound
quick rapid prompt fast swift
slow sluggish
precise exact accurate
vague unclear ambiguous
clear obvious evident plain
complex complicated intricate sophisticated
hidden latent implicit
dangerous harmful unsafe toxic
safe harmless secure
trustworthy reliable dependable credible
faithful grounded
helpful useful valuable beneficial
useless unhelpful
suitable appropriate fit apt adequate proper
unsuitable unfit inappropriate
genuine real authentic actual
fake false artificial synthetic simulated
manual human hand
automatic automated
freely openly publicly
public open available
encourage promote foster support
hinder hamper impede obstruct prevent stop
worsen harm hurt damage impair
attention focus emphasis weight stress concentrate emphasize
favor favour prefer
preference liking
intend intent intention want
opinion view belief
argue contend maintain
assume presume suppose
expect anticipate
guess predict
struggle difficulty trouble
unsafe risky
sentence statement
word term
phrase expression
topic subject theme
field domain area discipline
area region zone
setting scenario situation case condition
example instance sample case item
pair couple
series sequence chain
group set cluster
level degree extent
size scale
length long
speed pace rate
cost price expense
effort labor labour work
gap difference distance
contrast difference
bias skew prejudice
noise noisy
clean curated
guideline rule instruction
plan strategy
role function part
tool instrument utility
source origin
basis foundation base
review survey overview
chat conversation dialogue dialog
picture image photo visual
speech spoken voice
child children kid
customer client
employee worker staff
crowdworker worker annotator
law legal
illness disease disorder condition
drug medication medicine
school education
initial first starting
final last eventual
next subsequent
simultaneously concurrently parallel
merely only just
mostly mainly largely primarily predominantly
roughly approximately about
slightly marginally
hardly barely scarcely
greatly considerably strongly vastly
joint together shared common
separate distinct independent individual
single one sole
"""

FUNCTION_WORDS = frozenset(
    "itself themselves himself herself ourselves "
    "a an the this that these those it its they their them he she his her we our us i you your one ones who whom "
    "whose which what where when why how as at by for from in into of off on onto out over to under up upon with "
    "within without about above across after against along among around before behind below between beyond during "
    "through toward towards until via and or but nor so yet if then than while whereas although though because "
    "since unless however therefore thus hence moreover furthermore besides instead also too both either neither "
    "each every all any some such same other another more most less least much many few very quite rather even "
    "still already again just only not no never is are was were be been being am has have had do does did can "
    "could may might must shall should will would cannot there here now always despite any sure s t re ve ll d m "
    "can't don't doesn't didn't isn't aren't wasn't weren't won't according namely overall finally first second "
    "third next lastly additionally addition contrast result respectively instance example altogether total "
    "passage".split()
)
"""Words that join others; most are shorter than the words that are compared."""

GENERIC_WORDS = frozenset(
    "manner fashion "
    "paper papers author authors study studies work works article articles research researchers passage passages "
    "source sources text texts document documents abstract summary section sections figure table quote quotes "
    "answer question questions method methods approach approaches technique techniques proposed propose proposes "
    "provided provide provides shows show shown showed find finds found report reports reported state states "
    "stated mention mentions mentioned describe describes described say says said mean means meant note notes "
    "noted present presents presented use uses used using called named term known based well way ways thing "
    "things make makes made take takes taken given give gives get gets lead leads led result results serve serves "
    "help helps".split()
)
"""Words of the talk about papers, and verbs that hold little meaning: they may come or go in a paraphrase."""


_IRREGULAR = dict(
    pair.split("/")
    for pair in (
        "rose/rise risen/rise fell/fall fallen/fall grew/grow grown/grow led/lead chose/choose chosen/choose "
        "found/find kept/keep held/hold built/build taught/teach sought/seek drew/draw drawn/draw wrote/write "
        "written/write gave/give given/give took/take taken/take saw/see seen/see met/meet made/make got/get "
        "left/leave lost/lose won/win came/come went/go gone/go ran/run spoke/speak spoken/speak thought/think "
        "understood/understand knew/know known/know brought/bring bought/buy sent/send spent/spend stood/stand "
        "told/tell said/say did/do done/do had/have began/begin begun/begin hid/hide hidden/hide shrank/shrink "
        "overcame/overcome fed/feed drove/drive driven/drive broke/break broken/break children/child "
        "criteria/criterion phenomena/phenomenon analyses/analysis hypotheses/hypothesis matrices/matrix indices/index"
    ).split()
)


@functools.cache
def _groups() -> dict[str, frozenset[int]]:
    found: dict[str, set[int]] = {}
    for number, line in enumerate(_GROUPS.strip().splitlines()):
        for word in line.split():
            for key in (stem(word), _base(word)):
                found.setdefault(key, set()).add(number)
    return {word: frozenset(numbers) for word, numbers in found.items()}


@functools.cache
def is_light(word: str) -> bool:
    """Return whether a word may come or go in a paraphrase: a function word, a generic one, or one that means so."""
    return (
        word in FUNCTION_WORDS
        or bool(_groups().get(stem(word), frozenset()) & _light_groups())
        or word in GENERIC_WORDS
    )


@functools.cache
def _light_groups() -> frozenset[int]:
    verbs = "show use propose contain has make get reach lead"
    return frozenset(number for word in verbs.split() for number in _groups().get(stem(word), frozenset()))


def _base(word: str) -> str:
    """Return the stem of a word, or of what it is an irregular form of."""
    return stem(_IRREGULAR.get(word, word))


def means_the_same(one: str, other: str) -> bool:
    """Return whether two words have the same stem or stand in the same group."""
    first, second = _base(one), _base(other)
    if first == second:
        return True
    return bool(_groups().get(first, frozenset()) & _groups().get(second, frozenset()))


def stem_among(word: str, stems: Sequence[str]) -> str:
    """Return the one of `stems` that means the same as a word, or else the stem of the word."""
    own = stem(word)
    return own if own in stems else next((each for each in stems if means_the_same(word, each)), own)


def holds(words: frozenset[str], word: str) -> bool:
    """Return whether one of the words is `word` in another form, or a synonym of it."""
    stems, groups = _meanings(words)
    return _base(word) in stems or bool(_groups().get(_base(word), frozenset()) & groups)


@functools.lru_cache(maxsize=64)
def _meanings(words: frozenset[str]) -> tuple[frozenset[str], frozenset[int]]:
    """Return the stems of the words, and the groups in which they stand."""
    stems = frozenset(map(_base, words))
    return stems, frozenset().union(*(_groups().get(each, frozenset()) for each in stems))


def share_held(words: Iterable[str], others: Iterable[str]) -> float:
    """Return the share of the words that say something which `others` hold, or a synonym of them; 1 if none does."""
    known = frozenset(others)
    wanted = {stem(word): word for word in words if not is_light(word)}
    return sum(holds(known, word) for word in wanted.values()) / len(wanted) if wanted else 1.0
