"""Tell questions about a paper's back matter (funding, data, interests, licence, ...) from those about its content."""

import re

_DATA = r"(?:data|datasets?|data sets?|code|software|scripts?|materials?)"
_OPEN = (
    r"(?:available|availability|accessible|accessibility|public|publicly|deposited|download(?:ed)?|repository|"
    r"shared|released|open[- ]source)"
)
_ABOUT_BACK_MATTER = re.compile(
    r"\bfund(?:ed|s|ing|ers?)?\b|\bfinanc(?:ed|ial|ially)\b|\bgrants?\b|\bsponsor(?:s|ed|ship)?\b|\bpaid for\b"
    rf"|\b{_DATA}\b.*\b{_OPEN}\b|\b{_OPEN}\b.*\b{_DATA}\b|\bwhere\b.*\b{_DATA}\b"
    r"|\b(?:competing|conflicts? of|conflicting|declared?) interests?\b|\bdisclos\w+"
    r"|\blicen[cs]\w+|\bcopyright\w*|\bcreative commons\b|\bcc[- ]by\b|\bopen access\b|\breus(?:e|ed|able)\b"
    r"|\babbreviat\w+|\bacronyms?\b|\bstands? for\b|\bshort for\b"
    r"|\backnowledg\w+|\bthank(?:s|ed)?\b|\bauthors?\b.*\bcontribut\w+|\bcontribut\w+\b.*\bauthors?\b"
    r"|\bethic\w+|\bconsent\w*",
    re.IGNORECASE,
)


def asks_about_back_matter(question: str) -> bool:
    """Return whether a question is about what back matter says: only these are answered from it."""
    return bool(_ABOUT_BACK_MATTER.search(question))
