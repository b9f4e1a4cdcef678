"""First pages of invented papers in the layouts of publishers, preprint servers and theses."""

from __future__ import annotations

from helpers.pdf_lines import FILLER, Set, big, page

ARXIV = page(
    Set(15, 300, 20, "arXiv:2405.12345v2 [cs.KT] 7 Jun 2024", turned=1),
    big(90, "Counting Otters from Kites:"),
    big(110, "A Windy Approach"),
    Set(140, 150, 12, "Iris Fern^{∗}   Rowan Ash^{†}"),
    Set(140, 165, 12, "Meadow University   Institute of Kites"),
    Set(140, 180, 12, "Palo Verde   Green Hill"),
    Set(140, 195, 10, "iris@meadow.edu   rowan@kites.org"),
    Set(250, 220, 12, "May 2024"),
    Set(280, 250, 10, "Abstract", True),
    Set(90, 265, 9, FILLER),
)
ICLR = page(
    Set(100, 30, 10, "Published as a conference paper at ICLR 2023"),
    Set(100, 80, 17, "OTTERNET: COUNTING OTTERS FROM KITES WITH"),
    Set(100, 100, 17, "RIVERS OF DATA"),
    Set(100, 130, 10, "Iris Fern^{1}, Rowan Ash^{1,2}& Hazel van der Moss^{2}", True),
    Set(100, 142, 10, "^{1}Meadow University, ^{2}Institute of Kites"),
    Set(100, 154, 10, "{iris,rowan}@meadow.edu"),
    Set(270, 190, 12, "ABSTRACT"),
    Set(90, 210, 10, FILLER),
)
NEURIPS = page(
    big(90, "Learning to Count Otters without Kites", bold=True),
    Set(120, 140, 10, "Iris Fern   Rowan Ash   Hazel Moss", True),
    Set(120, 152, 10, "Meadow University   River Labs   Institute of Kites"),
    Set(120, 164, 10, "iris@meadow.edu   rowan@river.com   moss@kites.org"),
    Set(120, 186, 10, "Olive Birch", True),
    Set(120, 198, 10, "Meadow University"),
    Set(280, 240, 12, "Abstract", True),
    Set(90, 260, 10, FILLER),
    Set(100, 740, 9, "36th Conference on Windy Information Processing Systems (WIPS 2022), Delta."),
)
IEEE = page(
    Set(50, 30, 7, "IEEE TRANSACTIONS ON KITES, VOL. 12, NO. 3, MARCH 2021"),
    Set(560, 30, 7, "1201"),
    big(70, "Counting Otters from Tethered Kites:", 24, 80),
    big(98, "A Survey of Windy Methods", 24, 140),
    Set(70, 140, 11, "Iris Fern, Senior Member, IEEE, Rowan Ash, Member, IEEE, and Hazel Moss"),
    Set(50, 190, 9, "Abstract—Otters swim, and the kites above them count them all day long.", True),
    Set(50, 400, 8, "Manuscript received May 5, 2020; revised June 6, 2020; accepted July 7, 2020."),
    Set(50, 410, 8, "Digital Object Identifier 10.1109/TK.2021.1234567"),
)
IEEE_COLUMNS = page(
    big(70, "Otters and Kites", 24, 210),
    Set(60, 120, 11, "Iris Fern          Rowan Ash          Hazel Moss"),
    Set(60, 133, 10, "Dept. of Kites            Dept. of Rivers          River Labs"),
    Set(60, 146, 10, "Meadow University          Delta University         Green Hill, USA"),
    Set(60, 159, 10, "iris@meadow.edu            rowan@delta.edu          moss@river.com"),
    Set(50, 190, 9, "Abstract—Otters swim, and the kites above them count them all day long.", True),
)
LNCS = page(
    big(80, "Kites over Rivers: Towards an Otter", 14, 130, True),
    big(97, "Census^{⋆}", 14, 250, True),
    Set(150, 130, 10, "Iris Fern^{1[0000−0002−1825−0097]} and Rowan Ash^{2}"),
    Set(160, 150, 9, "^{1} Meadow University, Green Hill, Freedonia"),
    Set(160, 161, 9, "iris@meadow.edu"),
    Set(160, 172, 9, "^{2} Institute of Kites, Delta, Freedonia"),
    Set(110, 200, 9, "Abstract. Otters swim, and the kites above them count them."),
)
ELSEVIER = page(
    Set(200, 40, 8, "Journal of Windy Ecology 12 (2021) 104567"),
    Set(200, 70, 8, "Contents lists available at ScienceDirect"),
    Set(200, 90, 14, "Journal of Windy Ecology"),
    Set(180, 120, 8, "journal homepage: www.example.com/locate/jwe"),
    Set(40, 160, 8, "Research article"),
    Set(40, 180, 13.5, "Kites do not disturb otters: Evidence from three"),
    Set(40, 196, 13.5, "river deltas"),
    Set(40, 225, 11, "Iris Fern^{a,∗}, Rowan Ash^{b}, Hazel de la Moss^{a,b}"),
    Set(40, 243, 7, "^{a} Department of Kites, Meadow University, Green Hill, Freedonia"),
    Set(40, 252, 7, "^{b} Institute of Rivers, Delta, Freedonia"),
    Set(40, 280, 9, "A R T I C L E I N F O"),
    Set(200, 280, 9, "A B S T R A C T"),
    Set(40, 295, 7, "Article history:"),
    Set(40, 305, 7, "Received 2 May 2020"),
    Set(40, 730, 7, "https://doi.org/10.1016/j.jwe.2021.104567"),
    Set(40, 740, 7, "0000-0000/© 2021 The Authors. Published by Meadow Press."),
    body=8,
)
PLOS = page(
    Set(40, 40, 16, "PLOS ONE", True),
    Set(200, 90, 9, "RESEARCH ARTICLE", True),
    Set(200, 110, 18, "Otters ignore kites in the lower delta:"),
    Set(200, 132, 18, "A field study", False),
    Set(200, 170, 11, "Iris Fern^{1☯}*, Rowan Ash^{2☯}, Hazel Moss^{1,2}", True),
    Set(200, 195, 9, "1 Department of Kites, Meadow University, Green Hill, Freedonia, 2 Institute of Rivers"),
    Set(200, 215, 9, "* iris@meadow.edu"),
    Set(200, 250, 14, "Abstract", True),
    Set(40, 260, 10, "OPEN ACCESS", True),
    Set(40, 275, 7.5, "Citation: Fern I, Ash R, Moss H (2019) Otters ignore kites"),
    Set(40, 285, 7.5, "Editor: Olive Birch, Delta University"),
    Set(40, 295, 7.5, "Published: March 5, 2019"),
    Set(200, 740, 7.5, "PLOS ONE | https://doi.org/10.1371/journal.pone.0212345 March 5, 2019 1 / 14"),
)
NATURE = page(
    Set(40, 40, 10, "Article"),
    Set(40, 80, 28, "Kites reveal the hidden lives of"),
    Set(40, 112, 28, "river otters"),
    Set(40, 170, 7, "https://doi.org/10.1038/s41586-021-01234-5"),
    Set(200, 170, 9, "Iris Fern^{1,2 ✉}, Rowan Ash^{3}, Hazel Moss^{1}, Olive Birch^{2,3}"),
    Set(200, 182, 9, "& Jasmin Sedge^{1}"),
    Set(40, 182, 7, "Received: 3 March 2020"),
    Set(40, 192, 7, "Accepted: 5 January 2021"),
    Set(40, 202, 7, "Published online: 7 February 2021"),
    Set(200, 215, 9, FILLER),
    Set(40, 760, 7, "Nature | Vol 590 | 18 February 2021 | 123"),
    body=9,
)
MDPI = page(
    Set(450, 40, 12, "rivers", True),
    Set(40, 90, 10, "Article"),
    Set(40, 105, 18, "Counting Otters by Kite in Braided Rivers", True),
    Set(40, 150, 10, "Iris Fern ^{1,}* , Rowan Ash ^{2} and Hazel Moss ^{1,2}", True),
    Set(180, 180, 9, "1 Department of Kites, Meadow University, 1234 Green Hill, Freedonia"),
    Set(180, 192, 9, "* Correspondence: iris@meadow.edu"),
    Set(40, 260, 7, "Citation: Fern, I.; Ash, R.; Moss, H. Counting Otters"),
    Set(40, 269, 7, "Rivers 2022, 14, 1234. https://doi.org/10.3390/r14081234"),
    Set(40, 290, 7, "Academic Editor: Olive Birch"),
    Set(40, 300, 7, "Published: 14 April 2022"),
    Set(180, 240, 10, "Abstract: Otters swim, and the kites above them count them all day long.", False),
)
BIORXIV = page(
    Set(
        60, 20, 7, "bioRxiv preprint doi: https://doi.org/10.1101/2021.03.04.567890; this version posted March 5, 2021."
    ),
    *(Set(30, 80 + 24 * n, 11, str(n + 1)) for n in range(12)),
    Set(60, 80, 14, "Otters hear kites before they see them", True),
    Set(60, 104, 11, "Iris Fern^{1}, Rowan Ash^{1,2}, Hazel Moss^{2,*}"),
    Set(60, 128, 11, "^{1} Department of Kites, Meadow University"),
    Set(60, 152, 11, "^{2} Institute of Rivers, Delta"),
    Set(60, 176, 11, "Abstract", True),
    body=11,
)
THESIS = page(
    Set(200, 60, 14, "Meadow University"),
    Set(190, 80, 12, "Department of Kites"),
    Set(120, 200, 24, "Wind, Water and Otters", True),
    Set(150, 235, 16, "On Counting from Above"),
    Set(230, 300, 12, "PhD Thesis"),
    Set(280, 330, 12, "by"),
    Set(250, 350, 12, "Iris Fern"),
    Set(220, 480, 12, "Supervisor: Prof. Olive Birch"),
    Set(270, 560, 12, "May 2018"),
    start=1000,
)
WORD = page(
    Set(60, 70, 12, "Do otters mind kites? Interviews with river wardens", True),
    Set(60, 100, 12, "Iris Fern and Rowan Ash"),
    Set(60, 120, 12, "Meadow University"),
    Set(60, 150, 12, "Abstract", True),
    Set(60, 170, 12, FILLER),
    body=12,
)
ACL = page(
    Set(150, 70, 14.3, "OTTEREVAL: Guidelines for Counting", True),
    Set(140, 87, 14.3, "Otters in Long-term Kite-", True),
    Set(200, 104, 14.3, "based Studies", True),
    Set(120, 130, 12, "Iris Fern^{♠∗}   Rowan Ash^{♢}   Hazel Moss^{♢}", True),
    Set(140, 145, 12, "Olive Birch^{♠}   Jasmin Sedge^{♢♡}", True),
    Set(110, 162, 12, "^{♠}Meadow University, ^{♢}River Labs for AI, ^{♡}Delta University"),
    Set(170, 180, 9, "{iris,olive}@meadow.edu"),
    Set(150, 210, 12, "Abstract", True),
    Set(60, 740, 9, "Proceedings of the 17th Windy Conference of the Otter Association, pages 1650–1669"),
    Set(150, 751, 9, "May 2-6, 2023 ©2023 Otter Association"),
    body=10.9,
)
JOSE = page(
    Set(167, 137, 17, "otterly: A package for counting otters with"),
    Set(167, 159, 17, "school kites"),
    Set(167, 190, 12, "Iris Fern^{1}, Rowan Ash^{1, 2}, Hazel", True),
    Set(167, 204, 12, "Moss^{2}, and Olive Birch^{1}", True),
    Set(167, 225, 9, "1 Department of Kites, Meadow University, Green Hill 2 Institute of Rivers, Delta"),
    Set(28, 240, 9, "DOI: 10.21105/jose.00999"),
    Set(28, 256, 9, "Software", True),
    Set(40, 270, 9, "• Review"),
    Set(167, 270, 14, "Summary", True),
    Set(28, 310, 9, "Submitted: 18 December 2020"),
    Set(28, 321, 9, "Published: 05 July 2022"),
    Set(
        39,
        780,
        8,
        "Fern et al., (2022). otterly: A package for counting otters. Journal of Open Source Education, 5(53), 999.",
    ),
    Set(39, 790, 8, "https://doi.org/10.21105/jose.00999"),
)
SPRINGER = page(
    Set(50, 40, 8, "Windy Ecology (2020) 12:345–367"),
    Set(50, 50, 8, "https://doi.org/10.1007/s10999-020-01234-5"),
    Set(50, 80, 9, "ORIGINAL PAPER", True),
    Set(50, 110, 16, "Otter density estimates from kite", True),
    Set(50, 130, 16, "photographs", True),
    Set(50, 165, 10, "Iris Fern^{1}  · Rowan Ash^{2} · Hazel Moss^{1,2}", True),
    Set(50, 200, 8, "Received: 4 May 2019 / Accepted: 6 June 2020 / Published online: 8 July 2020"),
    Set(50, 210, 8, "© The Author(s) 2020"),
    Set(50, 240, 10, "Abstract", True),
)
ACM = page(
    Set(60, 70, 17, "OtterCam: Live Otter Counts from Kites on Phones", True),
    Set(60, 110, 12, "Iris Fern                      Rowan Ash                      Hazel Moss"),
    Set(60, 124, 10, "Meadow University                   River Labs                   Delta University"),
    Set(60, 136, 10, "Green Hill, Freedonia                Delta, Freedonia              Delta, Freedonia"),
    Set(60, 148, 10, "iris@meadow.edu                  rowan@river.com                moss@delta.edu"),
    Set(60, 180, 11, "ABSTRACT", True),
    Set(60, 350, 8, "ACM Reference Format:", True),
    Set(60, 360, 8, "Iris Fern, Rowan Ash, and Hazel Moss. 2021. OtterCam: Live Otter Counts"),
    Set(60, 700, 7, "KITES '21, May 3–7, 2021, Delta, Freedonia"),
    Set(60, 710, 7, "© 2021 Copyright held by the owner/author(s)."),
    Set(60, 720, 7, "https://doi.org/10.1145/3400000.3400123"),
    body=9,
)
OXFORD = page(
    Set(400, 30, 7, "Windy Informatics, 37(4), 2021, 448–455"),
    Set(400, 39, 7, "doi: 10.1093/windy/btaa123"),
    Set(400, 48, 7, "Advance Access Publication Date: 4 November 2020"),
    Set(40, 90, 9, "Genome analysis"),
    Set(40, 110, 18, "otterseq: reading otter genomes", True),
    Set(40, 132, 18, "in the wind", True),
    Set(40, 165, 12, "Iris Fern ^{1}, Rowan Ash ^{2} and Hazel Moss^{1,}*", True),
    Set(40, 190, 8, "^{1}Department of Kites, Meadow University and ^{2}Institute of Rivers"),
    Set(40, 220, 10, "Abstract", True),
)
JMLR = page(
    Set(90, 40, 8, "Journal of Windy Learning 22 (2021) 1-45                Submitted 1/20; Published 5/21"),
    big(90, "Otters in Regret: Kites with Bandits", 14.3, bold=True),
    Set(90, 130, 11, "Iris Fern                              iris@meadow.edu", True),
    Set(90, 144, 11, "Department of Kites, Meadow University"),
    Set(90, 158, 11, "Green Hill, Freedonia"),
    Set(90, 172, 11, "Rowan Ash                              rowan@delta.edu", True),
    Set(90, 186, 11, "River Labs"),
    Set(90, 205, 10, "Editor: Olive Birch", True),
    Set(280, 230, 11, "Abstract", True),
    body=11,
)
FRONTIERS = page(
    Set(420, 30, 7, "TYPE Original Research"),
    Set(420, 38, 7, "PUBLISHED 12 May 2022"),
    Set(420, 46, 7, "DOI 10.3389/fwind.2022.123456"),
    Set(40, 90, 7, "OPEN ACCESS"),
    Set(40, 104, 7, "EDITED BY"),
    Set(40, 142, 7, "Olive Birch,"),
    Set(40, 150, 7, "Delta University, Freedonia"),
    Set(200, 90, 20, "Otters and kites share the", True),
    Set(200, 114, 20, "evening wind", True),
    Set(200, 145, 11, "Iris Fern^{1}*, Rowan Ash^{2†} and"),
    Set(200, 158, 11, "Hazel Moss^{1,2}"),
    Set(200, 180, 8, "^{1}Department of Kites, Meadow University, Green Hill, Freedonia, ^{2}Institute of Rivers"),
    Set(200, 215, 9, FILLER),
    Set(40, 780, 7, "Frontiers in Wind                01                frontiersin.org"),
)
OLD = page(
    Set(60, 30, 9, "JOURNAL OF OTTERS, Vol. 3, No. 2, pp. 11-20, 1984"),
    Set(100, 90, 15.2, "COUNTING OTTERS FROM BALLOONS"),
    Set(100, 110, 14.6, "AND FROM KITES"),
    Set(200, 140, 9.8, "IRIS FERN AND ROWAN ASH"),
    Set(200, 155, 9.5, "Meadow University, Green Hill"),
    Set(60, 200, 9.7, "Abstract"),
)
WORKING_PAPER = page(
    Set(60, 40, 11, "Meadow University Working Paper Series"),
    Set(60, 60, 11, "Working Paper No. 17-2015"),
    Set(60, 200, 20, "The Price of Wind"),
    Set(60, 240, 13, "Iris Fern"),
    Set(60, 256, 13, "Rowan Ash"),
    Set(60, 300, 11, "June 2015"),
    start=1000,
)
COVER = page(
    Set(60, 60, 8, "See discussions, stats, and author profiles for this publication at: https://www.example.net/123"),
    Set(60, 90, 16, "Otters and the wind"),
    Set(60, 115, 9, "Article in Journal of Windy Ecology · May 2016"),
    Set(60, 140, 9, "3 authors, including:"),
    start=1000,
)
BEHIND_COVER = page(
    Set(60, 80, 16, "Otters and the wind"),
    Set(60, 110, 11, "Iris Fern and Rowan Ash"),
    Set(60, 150, 10, "Abstract"),
    number=2,
)
THREE = ("Iris Fern", "Rowan Ash", "Hazel Moss")
FIGURE = page(
    *(Set(60 + 40 * n, 60 + 50 * n, 11, text) for n, text in enumerate(("Kite", "Wind Gauge", "Otter Holt", "River"))),
    start=1000,
)
