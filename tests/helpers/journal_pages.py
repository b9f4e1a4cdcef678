"""Define first pages of an invented paper in the layouts of more journals, with the metadata they state."""

from __future__ import annotations

from typing import NamedTuple

from helpers.pdf_lines import Text, page
from rag.reading.pdf.lines import PageLines

TITLE = "Kites and the hidden lives of river otters"
THREE = ("Iris Fern", "Rowan Ash", "Hazel Moss")
MEADOW = "Department of Kites, Meadow University, Green Hill, Freedonia"
DELTA = "Institute of Rivers, Delta, Freedonia"


class Layout(NamedTuple):
    """The pages of a layout, and the year, the DOI and the authors that they state."""

    pages: tuple[PageLines, ...]
    year: int | None
    doi: str | None = None
    authors: tuple[str, ...] = THREE


def small(left: float, top: float, *texts: str) -> list[Text]:
    """Return lines of small type, one below the other."""
    return [Text(left, top + 8 * at, 7, text) for at, text in enumerate(texts)]


TITLE_ROW = Text(40, 100, 18, TITLE, True)
WILEY = page(
    *small(40, 30, "Received: 3 March 2019   |   Revised: 4 April 2019   |   Accepted: 5 December 2019"),
    *small(40, 40, "DOI: 10.1002/ece3.6789"),
    Text(40, 70, 9, "R E S E A R C H  A R T I C L E"),
    TITLE_ROW,
    Text(40, 140, 11, "Iris Fern^{1}  | Rowan Ash^{1,2}  | Hazel Moss^{2}", True),
    *small(40, 170, f"^{{1}}{MEADOW}", f"^{{2}}{DELTA}"),
    *small(
        40, 200, "Correspondence", "Iris Fern, Department of Kites", "Email: iris@meadow.edu", "Funding information"
    ),
    Text(200, 200, 11, "Abstract", True),
    *small(40, 750, "© 2020 The Authors. Ecology and Evolution published by John Wiley & Sons Ltd."),
    *small(40, 765, "Ecology and Evolution. 2020;10:1234–1245."),
)
SAGE = page(
    Text(40, 30, 9, "Original Article"),
    TITLE_ROW,
    *small(400, 60, "Journal of Windy Resolution", "2019, Vol. 63(9) 2025-2050", "ª The Author(s) 2019"),
    *small(400, 130, "DOI: 10.1177/0022002719876543", "journals.sagepub.com/home/jwr"),
    Text(40, 170, 11, "Iris Fern^{1}, Rowan Ash^{2}, and Hazel Moss^{1}", True),
    Text(40, 210, 10, "Abstract", True),
    *small(40, 700, f"^{{1}}{MEADOW}", f"^{{2}}{DELTA}", "Corresponding Author:", "Iris Fern, Meadow University."),
)
TAYLOR_COVER = page(
    Text(60, 80, 9, "ISSN: (Print) (Online) Journal homepage: https://www.example.com/loi/tkit20"),
    Text(60, 150, 20, TITLE, True),
    Text(60, 190, 12, "Iris Fern, Rowan Ash & Hazel Moss"),
    Text(60, 240, 9, "To cite this article: Iris Fern, Rowan Ash & Hazel Moss (2021) Kites and the hidden lives of"),
    Text(60, 250, 9, "river otters, Journal of Kites, 12:3, 45-67, DOI: 10.1080/12345678.2021.1234567"),
    Text(60, 320, 9, "Published online: 12 Jan 2021."),
    Text(60, 350, 9, "Submit your article to this journal"),
    Text(60, 700, 9, "Full Terms & Conditions of access and use can be found at"),
    start=1000,
)
TAYLOR = page(
    *small(60, 30, "JOURNAL OF KITES", "2021, VOL. 12, NO. 3, 45–67", "https://doi.org/10.1080/12345678.2021.1234567"),
    TITLE_ROW,
    Text(60, 130, 11, "Iris Fern^{a}, Rowan Ash^{a} and Hazel Moss^{b}"),
    Text(60, 150, 9, f"^{{a}}{MEADOW}; ^{{b}}{DELTA}"),
    Text(60, 180, 8, "ABSTRACT", True),
    *small(450, 180, "ARTICLE HISTORY", "Received 2 June 2020", "Accepted 3 January 2021"),
    number=2,
)
HINDAWI = page(
    *small(40, 30, "Hindawi Publishing Corporation", "The Scientific Kite Journal"),
    *small(40, 46, "Volume 2013, Article ID 123456, 9 pages", "http://dx.doi.org/10.1155/2013/123456"),
    Text(40, 80, 11, "Research Article", True),
    TITLE_ROW,
    Text(40, 150, 11, "Iris Fern,^{1} Rowan Ash,^{1,2} and Hazel Moss^{2}", True),
    *small(40, 175, f"^{{1}} {MEADOW}", f"^{{2}} {DELTA}"),
    *small(40, 200, "Correspondence should be addressed to Iris Fern; iris@meadow.edu"),
    *small(40, 215, "Received 5 January 2012; Accepted 7 December 2012", "Academic Editor: Olive Birch"),
    *small(40, 240, "Copyright © 2013 Iris Fern et al. This is an open access article."),
)
PHYSICS = page(
    *small(40, 30, "PRL 116, 061102 (2016)"),
    Text(220, 30, 9, "PHYSICAL REVIEW LETTERS", True),
    TITLE_ROW,
    Text(200, 130, 10, "I. Fern,^{1,*} R. Ash,^{2} and H. Moss^{1}"),
    Text(100, 145, 9, f"^{{1}}{MEADOW}"),
    Text(180, 160, 9, "(Received 21 December 2015; published 11 February 2016)"),
    Text(80, 250, 9, "DOI: 10.1103/PhysRevLett.116.061102"),
    *small(40, 720, "^{*}iris@meadow.edu"),
)
PEERJ = page(
    TITLE_ROW,
    Text(40, 130, 10, "Iris Fern^{1}, Rowan Ash^{1,2} and Hazel Moss^{2}"),
    *small(40, 150, f"^{{1}} {MEADOW}", f"^{{2}} {DELTA}"),
    Text(160, 190, 12, "ABSTRACT", True),
    *small(40, 500, "Submitted 3 March 2017", "Accepted 22 May 2017", "Published 15 June 2017"),
    *small(40, 560, "Academic editor", "Olive Birch", "DOI 10.7717/peerj.3456", "Copyright", "2017 Fern et al."),
    *small(160, 760, f"How to cite this article Fern et al. (2017), {TITLE}. PeerJ 5:e3456"),
)
MEDICINE = page(
    Text(40, 40, 9, "Original Investigation"),
    TITLE_ROW,
    Text(40, 140, 9, "Iris Fern, MD, PhD; Rowan Ash, MPH; Hazel Moss, MD, MSc; for the Kite Trial Investigators"),
    *small(40, 600, "Kite Med. 2016;316(12):1234-1245. doi:10.5555/kite.2016.12345", "Published online May 5, 2016."),
    *small(400, 640, "Author Affiliations: Meadow University", "Corresponding Author: Iris Fern,"),
)
WEEKLY = page(
    Text(400, 30, 8, "Articles"),
    TITLE_ROW,
    Text(40, 130, 9, "Iris Fern, Rowan Ash*, Hazel Moss, on behalf of the Kite Collaborators†"),
    Text(40, 150, 9, "Summary", True),
    *small(450, 150, "Weekly 2015; 386: 1234–45", "Published Online", "May 12, 2015"),
    *small(450, 174, "http://dx.doi.org/10.5555/", "S0140-6736(15)12345-6"),
    *small(40, 770, "www.example.com   Vol 386   September 26, 2015"),
)
GEOSCIENCE = page(
    *small(40, 30, "Wind Chem. Phys., 20, 1234–1245, 2020", "https://doi.org/10.5194/wcp-20-1234-2020"),
    *small(40, 46, "© Author(s) 2020. This work is distributed under", "the Creative Commons Attribution 4.0 License."),
    TITLE_ROW,
    Text(150, 140, 12, "Iris Fern^{1}, Rowan Ash^{2}, and Hazel Moss^{1,2}", True),
    Text(100, 160, 9, f"^{{1}}{MEADOW}"),
    Text(100, 180, 9, "Received: 2 July 2019 – Revised: 3 December 2019 – Accepted: 5 January 2020"),
    Text(40, 220, 10, "Abstract. Otters swim, and the kites above them count them all day long and on."),
)
ACCESS = page(
    *small(40, 40, "Received January 5, 2019, accepted December 20, 2019, date of publication February 3, 2020."),
    *small(40, 52, "Digital Object Identifier 10.1109/ACCESS.2020.2971234"),
    TITLE_ROW,
    Text(40, 140, 10, "IRIS FERN^{1}, (Member, IEEE), ROWAN ASH^{2}, AND HAZEL MOSS^{1}, (Fellow, IEEE)", True),
    *small(40, 160, f"^{{1}}{MEADOW}", f"^{{2}}{DELTA}", "Corresponding author: Iris Fern (iris@meadow.edu)"),
    Text(40, 200, 9, "ABSTRACT Otters swim, and the kites above them count them all day long and on."),
    *small(40, 770, "VOLUME 8, 2020"),
)
WORKING_PAPER = page(
    Text(120, 100, 18, TITLE, True),
    Text(200, 160, 12, "Iris Fern"),
    Text(200, 175, 12, "Meadow University"),
    Text(200, 200, 12, "Rowan Ash"),
    Text(200, 215, 12, "Delta University"),
    Text(200, 250, 12, "This version: March 2019"),
    Text(280, 300, 12, "Abstract", True),
)
FAMILY_NAME_FIRST = page(
    Text(40, 30, 8, "Revista de Cometas 15 (2011) 123-130"),
    TITLE_ROW,
    Text(40, 130, 11, "Fern, Iris; Ash, Rowan; Moss, Hazel"),
    Text(40, 150, 9, "Universidad del Prado, Colina Verde"),
    Text(40, 190, 10, "Resumen", True),
)
FAMILY_NAME_IN_CAPITALS = page(
    Text(40, 30, 8, "Wind Engineering, 2012, 10(3): 123−130"),
    TITLE_ROW,
    Text(40, 130, 11, "ZHANG Wei^{1}, LI Xiaoming^{2}, WANG Yan^{1,*}"),
    Text(40, 150, 8, "(1. School of Kites, Meadow University, Beijing 100084, China)"),
    Text(40, 180, 9, "Abstract: Otters swim, and the kites above them count them all day long and on."),
    Text(40, 250, 8, "doi: 10.5555/j.issn.1673-1234.2012.03.004"),
)
JOURNAL_LIKE_A_NAME = (
    page(
        *small(40, 30, "Fern et al. Windy Care 2013, 17:R12", "http://www.example.com/content/17/1/R12"),
        Text(420, 40, 12, "Windy Care"),
        TITLE_ROW,
        Text(40, 150, 11, "Iris Fern^{1*}, Rowan Ash^{2}, Hazel Moss^{1,2} and the Kite Study Group"),
        Text(50, 190, 10, "Abstract", True),
        *small(40, 690, "* Correspondence: iris@meadow.edu", f"^{{1}}{MEADOW}"),
        *small(200, 740, "© 2013 Fern et al.; licensee Meadow Press Ltd. This is an open access article"),
    ),
    page(
        *small(60, 100, "31. Birch O: Otters before the census. Wind 1982, 2:5. doi:10.5555/kites.2"),
        *small(
            60, 300, "doi:10.5555/wc12345", f"Cite this article as: Fern et al.: {TITLE}.", "Windy Care 2013 17:R12."
        ),
        number=2,
    ),
)
MANUSCRIPT = page(
    Text(60, 30, 14, "Public Access"),
    Text(60, 48, 10, "Author manuscript"),
    Text(60, 60, 8, "J Kitesci. Author manuscript; available in PMC 2016 July 07."),
    Text(60, 80, 8, "Published in final edited form as:"),
    Text(70, 90, 8, "J Kitesci. 2015 January 7; 35(1): 123–134. doi:10.5555/JKITESCI.1234-14.2015."),
    Text(60, 120, 16, TITLE, True),
    Text(60, 150, 10, "Iris Fern^{1,2}, Rowan Ash^{1}, and Hazel Moss^{2,3}", True),
    *small(60, 165, f"^{{1}}{MEADOW}", f"^{{2}}{DELTA}"),
    Text(60, 200, 12, "Abstract", True),
    *small(60, 700, "Corresponding author: Iris Fern, Department of Kites, iris@meadow.edu"),
)
AUTHORS_BESIDE_ABSTRACT = page(
    Text(40, 30, 14, "Windypress"),
    *small(40, 50, "open access to scientific and medical research", "Open Access Full Text Article"),
    TITLE_ROW,
    *small(40, 150, "This article was published in the following journal:", "International Journal of Kites"),
    Text(40, 210, 10, "Iris Fern^{1}"),
    Text(40, 222, 10, "Rowan Ash^{1,2}"),
    Text(40, 234, 10, "Hazel Moss^{2}"),
    Text(40, 250, 8, "^{1}Department of Kites, Meadow University,"),
    Text(200, 210, 9, "Abstract: Otters swim, and the kites above them count them all day long and on."),
    *small(40, 740, "International Journal of Kites 2015:10 1234–1245", "© 2015 Fern et al. This work is published by"),
    *small(400, 756, "http://dx.doi.org/10.5555/IJK.S12345"),
)
ZOOLOGY = page(
    *small(40, 30, "OtterKeys 123: 45–67 (2011)", "doi: 10.5555/otterkeys.123.1234", "www.example.com"),
    Text(250, 40, 8, "RESEARCH ARTICLE"),
    Text(400, 30, 14, "OtterKeys", True),
    TITLE_ROW,
    Text(100, 150, 10, "Iris Fern^{1,†}, Rowan Ash^{2,‡}, Hazel Moss^{1,§}", True),
    *small(60, 170, f"1 {MEADOW} 2 {DELTA}", "Corresponding author: Iris Fern (iris@meadow.edu)"),
    *small(60, 200, "Academic editor: Olive Birch  |  Received 1 January 2010  |  Accepted 5 March 2011"),
    *small(60, 220, f"Citation: Fern I, Ash R, Moss H (2011) {TITLE}. OtterKeys 123: 45–67. doi: 10.5555/"),
    *small(60, 228, "otterkeys.123.1234"),
    Text(60, 280, 10, "Abstract", True),
)
LAYOUTS = {
    "Wiley": Layout((WILEY,), 2020, "10.1002/ece3.6789"),
    "SAGE": Layout((SAGE,), 2019, "10.1177/0022002719876543"),
    "Taylor & Francis": Layout((TAYLOR_COVER, TAYLOR), 2021, "10.1080/12345678.2021.1234567"),
    "Hindawi": Layout((HINDAWI,), 2013, "10.1155/2013/123456"),
    "physics": Layout((PHYSICS,), 2016, "10.1103/physrevlett.116.061102", ("I. Fern", "R. Ash", "H. Moss")),
    "PeerJ": Layout((PEERJ,), 2017, "10.7717/peerj.3456"),
    "medicine": Layout((MEDICINE,), 2016, "10.5555/kite.2016.12345"),
    "weekly": Layout((WEEKLY,), 2015, "10.5555/s0140-6736(15)12345-6"),
    "geoscience": Layout((GEOSCIENCE,), 2020, "10.5194/wcp-20-1234-2020"),
    "IEEE Access": Layout((ACCESS,), 2020, "10.1109/access.2020.2971234"),
    "working paper": Layout((WORKING_PAPER,), 2019, None, THREE[:2]),
    "family name first": Layout((FAMILY_NAME_FIRST,), 2011),
    "family name in capitals": Layout(
        (FAMILY_NAME_IN_CAPITALS,),
        2012,
        "10.5555/j.issn.1673-1234.2012.03.004",
        ("Wei Zhang", "Xiaoming Li", "Yan Wang"),
    ),
    "author manuscript": Layout((MANUSCRIPT,), 2015, "10.5555/jkitesci.1234-14.2015"),
    "authors beside the abstract": Layout((AUTHORS_BESIDE_ABSTRACT,), 2015, "10.5555/ijk.s12345"),
    "zoology": Layout((ZOOLOGY,), 2011, "10.5555/otterkeys.123.1234"),
    "journal like a name": Layout(JOURNAL_LIKE_A_NAME, 2013, "10.5555/wc12345"),
}
