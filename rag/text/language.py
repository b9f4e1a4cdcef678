"""Detect the language of a question by its function words, without a model.

Shared words count for each of their languages, so a language must match clearly better than English.
"""

import re

ENGLISH = "English"

# Question words count twice, so that one is enough if there is no English word.
_QUESTION_WORDS = {
    "German": "wieviel wieviele wie warum weshalb welche welcher welches welchen welchem wer wem wen wessen wann "
    "woher wohin",
    "French": "combien pourquoi comment quel quelle quels quelles qui quoi quand où est-ce qu'est-ce",
    "Spanish": "cuántas cuántos cuánto cuánta cuantas cuantos cuanto qué quién quiénes cuál cuáles cómo dónde cuándo "
    "porqué",
    "Portuguese": "quantas quantos quanto quanta quem qual quais onde quando porque porquê",
    "Italian": "quante quanti quanto quanta chi cosa quale quali dove quando perché perche",
    "Dutch": "hoeveel waarom hoe welke wie wanneer waar wat",
    "Polish": "ile dlaczego jak jaki jaka jakie jakich który która które kto kiedy gdzie czy czym",
    "Czech": "kolik proč jak jaký jaká jaké který která které kdo kdy kde co",
    "Turkish": "kaç neden nasıl hangi kim kimler nerede niçin nedir midir mıdır ne",
    "Swedish": "hur varför vilken vilket vilka vem när var vad",
    "Danish": "hvor hvorfor hvordan hvilken hvilket hvilke hvem hvornår hvad hvorfra",
    "Finnish": "kuinka miksi miten mikä mitkä kuka milloin missä montako mitä",
    "Hungarian": "hány mennyi miért hogyan milyen melyik ki mikor hol mi",
    "Romanian": "câte câți cât câtă de-ce cum care cine când unde ce",
    "Indonesian": "berapa mengapa bagaimana siapa kapan apakah apa mana",
    "Vietnamese": "bao nhiêu tại sao thế nào như gì ai khi đâu",
}  # fmt: skip
_FUNCTION_WORDS = {
    "German": "der die das den dem des ein eine einen einem einer eines und oder aber nicht ist sind war waren hat "
    "haben wird werden wurde wurden mit von zu zum zur im in am auf für aus bei nach über unter durch gegen ohne um "
    "als auch noch nur mehr sich es er sie wir ihr was gibt kann können man vom dass wenn dieser diese dieses",
    "French": "le la les l un une des du de d et ou mais ne pas est sont était ont a avec pour par sur dans en au aux "
    "que ce cette ces il elle ils elles on nous vous se qu plus être fait leur leurs sans sous entre",
    "Spanish": "el la los las un una unos unas de del y o pero no es son era fue fueron ha han con para por sobre en "
    "al que se lo le les su sus más este esta estos estas entre sin como hay",
    "Portuguese": "o a os as um uma uns umas de do da dos das e ou mas não é são era foi foram tem têm com para por "
    "sobre em no na nos nas ao que se seu sua seus mais este esta entre sem como há pelo pela",
    "Italian": "il lo la i gli le l un uno una di del della dei delle degli e o ma non è sono era ha hanno con per su "
    "in nel nella al alla che si più questo questa tra senza come d dal dalla",
    "Dutch": "de het een en of maar niet is zijn was waren heeft hebben met van voor op in aan uit bij naar over door "
    "om als ook nog meer zich er dit dat deze die wordt worden te",
    "Polish": "i a w we z ze na do od po przez dla o nie jest są był była było były ma mają się to ten ta te tego "
    "tych oraz lub ale więcej między bez jako",
    "Czech": "a i v ve z ze na do od po pro o ne je jsou byl byla bylo byly má mají se to ten ta ty tohoto nebo ale "
    "více mezi bez jako",
    "Turkish": "ve veya ama değil bir bu şu o ile için gibi daha en çok olan var yok mi mı mu mü da de",
    "Swedish": "och eller men inte är en ett den det de som på i av för med till från om har hade kan var vid mellan "
    "utan",
    "Danish": "og eller men ikke er en et den det de som på i af for med til fra om har havde kan var ved mellem uden",
    "Finnish": "ja tai mutta ei on ovat oli se ne tämä nämä että kun kuin myös",
    "Hungarian": "a az és vagy de nem van volt egy ez hogy meg is",
    "Romanian": "și sau dar nu este sunt era au a cu pentru de din la pe în un o ale lui ei mai",
    "Indonesian": "yang dan atau tetapi tidak adalah ini itu dengan untuk dari di ke pada oleh dalam lebih",
    "Vietnamese": "là và của có không các những cho với trong được một này đó",
    ENGLISH: "the a an and or but not is are was were has have had do does did be been of to in on at by for from "
    "with about into over under between than that this these those it its they their he she his her we you your i my "
    "me as if so such how what which who whom whose when where why can could will would should may might must there "
    "any all some more most many much no nor each other only also out up down then them us our",
}  # fmt: skip
_SCRIPTS = {
    "Russian or another language in Cyrillic": r"[\u0400-\u04ff]", "Greek": r"[\u0370-\u03ff]",
    "Arabic": r"[\u0600-\u06ff]", "Hebrew": r"[\u0590-\u05ff]", "Hindi": r"[\u0900-\u097f]",
    "Thai": r"[\u0e00-\u0e7f]", "Korean": r"[\uac00-\ud7af]", "Japanese": r"[\u3040-\u30ff]",
    "Chinese": r"[\u4e00-\u9fff]",
}  # fmt: skip
_WEIGHTS: dict[str, dict[str, int]] = {}
for _weight, _lists in ((1, _FUNCTION_WORDS), (2, _QUESTION_WORDS)):
    for _language, _words in _lists.items():
        for _word in _words.split():
            _WEIGHTS.setdefault(_word, {})[_language] = _weight


def language_of(text: str) -> str | None:
    """Return the English name of a text's language, or None if its words do not show it."""
    letters = [c for c in text if c.isalpha()]
    for language, script in _SCRIPTS.items():
        count = len(re.findall(script, text))
        if count > len(letters) / 2 or (language == "Japanese" and count and ord(max(letters)) > 0x2FFF):
            return language
    scores: dict[str, int] = {}
    for word in re.findall(r"[^\W\d_]+(?:[-’'][^\W\d_]+)*", text.casefold()):
        # An elision joins words: "qu'est-ce", "d'otaries".
        for part in [word] if word in _WEIGHTS else re.split(r"[-’']", word):
            for language, weight in _WEIGHTS.get(part, {}).items():
                scores[language] = scores.get(language, 0) + weight
    best = max(scores, key=lambda language: scores[language], default=None)
    if best is None or best == ENGLISH:
        return best
    return best if scores[best] >= 2 and scores[best] > scores.get(ENGLISH, 0) + 1 else None


def is_function_word(word: str) -> bool:
    """Return whether a word is a common short word of a language in the Latin alphabet."""
    return len(word) > 1 and word.casefold() in _WEIGHTS
