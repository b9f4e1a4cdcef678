"""Define first pages of invented papers in the layouts of publishers, preprint servers and theses."""

from __future__ import annotations

from helpers.pdf_lines import FILLER, Text, big, page

ARXIV = page(
    Text(15, 300, 20, "arXiv:2405.12345v2 [cs.KT] 7 Jun 2024", turned=1),
    big(90, "Counting Otters from Kites:"),
    big(110, "A Windy Approach"),
    Text(140, 150, 12, "Iris Fern^{∗}   Rowan Ash^{†}"),
    Text(140, 165, 12, "Meadow University   Institute of Kites"),
    Text(140, 180, 12, "Palo Verde   Green Hill"),
    Text(140, 195, 10, "iris@meadow.edu   rowan@kites.org"),
    Text(250, 220, 12, "May 2024"),
    Text(280, 250, 10, "Abstract", True),
    Text(90, 265, 9, FILLER),
)
ICLR = page(
    Text(100, 30, 10, "Published as a conference paper at ICLR 2023"),
    Text(100, 80, 17, "OTTERNET: COUNTING OTTERS FROM KITES WITH"),
    Text(100, 100, 17, "RIVERS OF DATA"),
    Text(100, 130, 10, "Iris Fern^{1}, Rowan Ash^{1,2}& Hazel van der Moss^{2}", True),
    Text(100, 142, 10, "^{1}Meadow University, ^{2}Institute of Kites"),
    Text(100, 154, 10, "{iris,rowan}@meadow.edu"),
    Text(270, 190, 12, "ABSTRACT"),
    Text(90, 210, 10, FILLER),
)
NEURIPS = page(
    big(90, "Learning to Count Otters without Kites", bold=True),
    Text(120, 140, 10, "Iris Fern   Rowan Ash   Hazel Moss", True),
    Text(120, 152, 10, "Meadow University   River Labs   Institute of Kites"),
    Text(120, 164, 10, "iris@meadow.edu   rowan@river.com   moss@kites.org"),
    Text(120, 186, 10, "Olive Birch", True),
    Text(120, 198, 10, "Meadow University"),
    Text(280, 240, 12, "Abstract", True),
    Text(90, 260, 10, FILLER),
    Text(100, 740, 9, "36th Conference on Windy Information Processing Systems (WIPS 2022), Delta."),
)
IEEE = page(
    Text(50, 30, 7, "IEEE TRANSACTIONS ON KITES, VOL. 12, NO. 3, MARCH 2021"),
    Text(560, 30, 7, "1201"),
    big(70, "Counting Otters from Tethered Kites:", 24, 80),
    big(98, "A Survey of Windy Methods", 24, 140),
    Text(70, 140, 11, "Iris Fern, Senior Member, IEEE, Rowan Ash, Member, IEEE, and Hazel Moss"),
    Text(50, 190, 9, "Abstract—Otters swim, and the kites above them count them all day long.", True),
    Text(50, 400, 8, "Manuscript received May 5, 2020; revised June 6, 2020; accepted July 7, 2020."),
    Text(50, 410, 8, "Digital Object Identifier 10.1109/TK.2021.1234567"),
)
IEEE_COLUMNS = page(
    big(70, "Otters and Kites", 24, 210),
    Text(60, 120, 11, "Iris Fern          Rowan Ash          Hazel Moss"),
    Text(60, 133, 10, "Dept. of Kites            Dept. of Rivers          River Labs"),
    Text(60, 146, 10, "Meadow University          Delta University         Green Hill, USA"),
    Text(60, 159, 10, "iris@meadow.edu            rowan@delta.edu          moss@river.com"),
    Text(50, 190, 9, "Abstract—Otters swim, and the kites above them count them all day long.", True),
)
LNCS = page(
    big(80, "Kites over Rivers: Towards an Otter", 14, 130, True),
    big(97, "Census^{⋆}", 14, 250, True),
    Text(150, 130, 10, "Iris Fern^{1[0000−0002−1825−0097]} and Rowan Ash^{2}"),
    Text(160, 150, 9, "^{1} Meadow University, Green Hill, Freedonia"),
    Text(160, 161, 9, "iris@meadow.edu"),
    Text(160, 172, 9, "^{2} Institute of Kites, Delta, Freedonia"),
    Text(110, 200, 9, "Abstract. Otters swim, and the kites above them count them."),
)
ELSEVIER = page(
    Text(200, 40, 8, "Journal of Windy Ecology 12 (2021) 104567"),
    Text(200, 70, 8, "Contents lists available at ScienceDirect"),
    Text(200, 90, 14, "Journal of Windy Ecology"),
    Text(180, 120, 8, "journal homepage: www.example.com/locate/jwe"),
    Text(40, 160, 8, "Research article"),
    Text(40, 180, 13.5, "Kites do not disturb otters: Evidence from three"),
    Text(40, 196, 13.5, "river deltas"),
    Text(40, 225, 11, "Iris Fern^{a,∗}, Rowan Ash^{b}, Hazel de la Moss^{a,b}"),
    Text(40, 243, 7, "^{a} Department of Kites, Meadow University, Green Hill, Freedonia"),
    Text(40, 252, 7, "^{b} Institute of Rivers, Delta, Freedonia"),
    Text(40, 280, 9, "A R T I C L E I N F O"),
    Text(200, 280, 9, "A B S T R A C T"),
    Text(40, 295, 7, "Article history:"),
    Text(40, 305, 7, "Received 2 May 2020"),
    Text(40, 730, 7, "https://doi.org/10.1016/j.jwe.2021.104567"),
    Text(40, 740, 7, "0000-0000/© 2021 The Authors. Published by Meadow Press."),
    body=8,
)
PLOS = page(
    Text(40, 40, 16, "PLOS ONE", True),
    Text(200, 90, 9, "RESEARCH ARTICLE", True),
    Text(200, 110, 18, "Otters ignore kites in the lower delta:"),
    Text(200, 132, 18, "A field study", False),
    Text(200, 170, 11, "Iris Fern^{1☯}*, Rowan Ash^{2☯}, Hazel Moss^{1,2}", True),
    Text(200, 195, 9, "1 Department of Kites, Meadow University, Green Hill, Freedonia, 2 Institute of Rivers"),
    Text(200, 215, 9, "* iris@meadow.edu"),
    Text(200, 250, 14, "Abstract", True),
    Text(40, 260, 10, "OPEN ACCESS", True),
    Text(40, 275, 7.5, "Citation: Fern I, Ash R, Moss H (2019) Otters ignore kites"),
    Text(40, 285, 7.5, "Editor: Olive Birch, Delta University"),
    Text(40, 295, 7.5, "Published: March 5, 2019"),
    Text(200, 740, 7.5, "PLOS ONE | https://doi.org/10.1371/journal.pone.0212345 March 5, 2019 1 / 14"),
)
NATURE = page(
    Text(40, 40, 10, "Article"),
    Text(40, 80, 28, "Kites reveal the hidden lives of"),
    Text(40, 112, 28, "river otters"),
    Text(40, 170, 7, "https://doi.org/10.1038/s41586-021-01234-5"),
    Text(200, 170, 9, "Iris Fern^{1,2 ✉}, Rowan Ash^{3}, Hazel Moss^{1}, Olive Birch^{2,3}"),
    Text(200, 182, 9, "& Jasmin Sedge^{1}"),
    Text(40, 182, 7, "Received: 3 March 2020"),
    Text(40, 192, 7, "Accepted: 5 January 2021"),
    Text(40, 202, 7, "Published online: 7 February 2021"),
    Text(200, 215, 9, FILLER),
    Text(40, 760, 7, "Nature | Vol 590 | 18 February 2021 | 123"),
    body=9,
)
MDPI = page(
    Text(450, 40, 12, "rivers", True),
    Text(40, 90, 10, "Article"),
    Text(40, 105, 18, "Counting Otters by Kite in Braided Rivers", True),
    Text(40, 150, 10, "Iris Fern ^{1,}* , Rowan Ash ^{2} and Hazel Moss ^{1,2}", True),
    Text(180, 180, 9, "1 Department of Kites, Meadow University, 1234 Green Hill, Freedonia"),
    Text(180, 192, 9, "* Correspondence: iris@meadow.edu"),
    Text(40, 260, 7, "Citation: Fern, I.; Ash, R.; Moss, H. Counting Otters"),
    Text(40, 269, 7, "Rivers 2022, 14, 1234. https://doi.org/10.3390/r14081234"),
    Text(40, 290, 7, "Academic Editor: Olive Birch"),
    Text(40, 300, 7, "Published: 14 April 2022"),
    Text(180, 240, 10, "Abstract: Otters swim, and the kites above them count them all day long.", False),
)
BIORXIV = page(
    Text(
        60, 20, 7, "bioRxiv preprint doi: https://doi.org/10.1101/2021.03.04.567890; this version posted March 5, 2021."
    ),
    *(Text(30, 80 + 24 * n, 11, str(n + 1)) for n in range(12)),
    Text(60, 80, 14, "Otters hear kites before they see them", True),
    Text(60, 104, 11, "Iris Fern^{1}, Rowan Ash^{1,2}, Hazel Moss^{2,*}"),
    Text(60, 128, 11, "^{1} Department of Kites, Meadow University"),
    Text(60, 152, 11, "^{2} Institute of Rivers, Delta"),
    Text(60, 176, 11, "Abstract", True),
    body=11,
)
THESIS = page(
    Text(200, 60, 14, "Meadow University"),
    Text(190, 80, 12, "Department of Kites"),
    Text(120, 200, 24, "Wind, Water and Otters", True),
    Text(150, 235, 16, "On Counting from Above"),
    Text(230, 300, 12, "PhD Thesis"),
    Text(280, 330, 12, "by"),
    Text(250, 350, 12, "Iris Fern"),
    Text(220, 480, 12, "Supervisor: Prof. Olive Birch"),
    Text(270, 560, 12, "May 2018"),
    start=1000,
)
WORD = page(
    Text(60, 70, 12, "Do otters mind kites? Interviews with river wardens", True),
    Text(60, 100, 12, "Iris Fern and Rowan Ash"),
    Text(60, 120, 12, "Meadow University"),
    Text(60, 150, 12, "Abstract", True),
    Text(60, 170, 12, FILLER),
    body=12,
)
ACL = page(
    Text(150, 70, 14.3, "OTTEREVAL: Guidelines for Counting", True),
    Text(140, 87, 14.3, "Otters in Long-term Kite-", True),
    Text(200, 104, 14.3, "based Studies", True),
    Text(120, 130, 12, "Iris Fern^{♠∗}   Rowan Ash^{♢}   Hazel Moss^{♢}", True),
    Text(140, 145, 12, "Olive Birch^{♠}   Jasmin Sedge^{♢♡}", True),
    Text(110, 162, 12, "^{♠}Meadow University, ^{♢}River Labs for AI, ^{♡}Delta University"),
    Text(170, 180, 9, "{iris,olive}@meadow.edu"),
    Text(150, 210, 12, "Abstract", True),
    Text(60, 740, 9, "Proceedings of the 17th Windy Conference of the Otter Association, pages 1650–1669"),
    Text(150, 751, 9, "May 2-6, 2023 ©2023 Otter Association"),
    body=10.9,
)
JOSE = page(
    Text(167, 137, 17, "otterly: A package for counting otters with"),
    Text(167, 159, 17, "school kites"),
    Text(167, 190, 12, "Iris Fern^{1}, Rowan Ash^{1, 2}, Hazel", True),
    Text(167, 204, 12, "Moss^{2}, and Olive Birch^{1}", True),
    Text(167, 225, 9, "1 Department of Kites, Meadow University, Green Hill 2 Institute of Rivers, Delta"),
    Text(28, 240, 9, "DOI: 10.21105/jose.00999"),
    Text(28, 256, 9, "Software", True),
    Text(40, 270, 9, "• Review"),
    Text(167, 270, 14, "Summary", True),
    Text(28, 310, 9, "Submitted: 18 December 2020"),
    Text(28, 321, 9, "Published: 05 July 2022"),
    Text(
        39,
        780,
        8,
        "Fern et al., (2022). otterly: A package for counting otters. Journal of Open Source Education, 5(53), 999.",
    ),
    Text(39, 790, 8, "https://doi.org/10.21105/jose.00999"),
)
SPRINGER = page(
    Text(50, 40, 8, "Windy Ecology (2020) 12:345–367"),
    Text(50, 50, 8, "https://doi.org/10.1007/s10999-020-01234-5"),
    Text(50, 80, 9, "ORIGINAL PAPER", True),
    Text(50, 110, 16, "Otter density estimates from kite", True),
    Text(50, 130, 16, "photographs", True),
    Text(50, 165, 10, "Iris Fern^{1}  · Rowan Ash^{2} · Hazel Moss^{1,2}", True),
    Text(50, 200, 8, "Received: 4 May 2019 / Accepted: 6 June 2020 / Published online: 8 July 2020"),
    Text(50, 210, 8, "© The Author(s) 2020"),
    Text(50, 240, 10, "Abstract", True),
)
ACM = page(
    Text(60, 70, 17, "OtterCam: Live Otter Counts from Kites on Phones", True),
    Text(60, 110, 12, "Iris Fern                      Rowan Ash                      Hazel Moss"),
    Text(60, 124, 10, "Meadow University                   River Labs                   Delta University"),
    Text(60, 136, 10, "Green Hill, Freedonia                Delta, Freedonia              Delta, Freedonia"),
    Text(60, 148, 10, "iris@meadow.edu                  rowan@river.com                moss@delta.edu"),
    Text(60, 180, 11, "ABSTRACT", True),
    Text(60, 350, 8, "ACM Reference Format:", True),
    Text(60, 360, 8, "Iris Fern, Rowan Ash, and Hazel Moss. 2021. OtterCam: Live Otter Counts"),
    Text(60, 700, 7, "KITES '21, May 3–7, 2021, Delta, Freedonia"),
    Text(60, 710, 7, "© 2021 Copyright held by the owner/author(s)."),
    Text(60, 720, 7, "https://doi.org/10.1145/3400000.3400123"),
    body=9,
)
OXFORD = page(
    Text(400, 30, 7, "Windy Informatics, 37(4), 2021, 448–455"),
    Text(400, 39, 7, "doi: 10.1093/windy/btaa123"),
    Text(400, 48, 7, "Advance Access Publication Date: 4 November 2020"),
    Text(40, 90, 9, "Genome analysis"),
    Text(40, 110, 18, "otterseq: reading otter genomes", True),
    Text(40, 132, 18, "in the wind", True),
    Text(40, 165, 12, "Iris Fern ^{1}, Rowan Ash ^{2} and Hazel Moss^{1,}*", True),
    Text(40, 190, 8, "^{1}Department of Kites, Meadow University and ^{2}Institute of Rivers"),
    Text(40, 220, 10, "Abstract", True),
)
JMLR = page(
    Text(90, 40, 8, "Journal of Windy Learning 22 (2021) 1-45                Submitted 1/20; Published 5/21"),
    big(90, "Otters in Regret: Kites with Bandits", 14.3, bold=True),
    Text(90, 130, 11, "Iris Fern                              iris@meadow.edu", True),
    Text(90, 144, 11, "Department of Kites, Meadow University"),
    Text(90, 158, 11, "Green Hill, Freedonia"),
    Text(90, 172, 11, "Rowan Ash                              rowan@delta.edu", True),
    Text(90, 186, 11, "River Labs"),
    Text(90, 205, 10, "Editor: Olive Birch", True),
    Text(280, 230, 11, "Abstract", True),
    body=11,
)
FRONTIERS = page(
    Text(420, 30, 7, "TYPE Original Research"),
    Text(420, 38, 7, "PUBLISHED 12 May 2022"),
    Text(420, 46, 7, "DOI 10.3389/fwind.2022.123456"),
    Text(40, 90, 7, "OPEN ACCESS"),
    Text(40, 104, 7, "EDITED BY"),
    Text(40, 142, 7, "Olive Birch,"),
    Text(40, 150, 7, "Delta University, Freedonia"),
    Text(200, 90, 20, "Otters and kites share the", True),
    Text(200, 114, 20, "evening wind", True),
    Text(200, 145, 11, "Iris Fern^{1}*, Rowan Ash^{2†} and"),
    Text(200, 158, 11, "Hazel Moss^{1,2}"),
    Text(200, 180, 8, "^{1}Department of Kites, Meadow University, Green Hill, Freedonia, ^{2}Institute of Rivers"),
    Text(200, 215, 9, FILLER),
    Text(40, 780, 7, "Frontiers in Wind                01                frontiersin.org"),
)
OLD = page(
    Text(60, 30, 9, "JOURNAL OF OTTERS, Vol. 3, No. 2, pp. 11-20, 1984"),
    Text(100, 90, 15.2, "COUNTING OTTERS FROM BALLOONS"),
    Text(100, 110, 14.6, "AND FROM KITES"),
    Text(200, 140, 9.8, "IRIS FERN AND ROWAN ASH"),
    Text(200, 155, 9.5, "Meadow University, Green Hill"),
    Text(60, 200, 9.7, "Abstract"),
)
WORKING_PAPER = page(
    Text(60, 40, 11, "Meadow University Working Paper Series"),
    Text(60, 60, 11, "Working Paper No. 17-2015"),
    Text(60, 200, 20, "The Price of Wind"),
    Text(60, 240, 13, "Iris Fern"),
    Text(60, 256, 13, "Rowan Ash"),
    Text(60, 300, 11, "June 2015"),
    start=1000,
)
COVER = page(
    Text(60, 60, 8, "See discussions, stats, and author profiles for this publication at: https://www.example.net/123"),
    Text(60, 90, 16, "Otters and the wind"),
    Text(60, 115, 9, "Article in Journal of Windy Ecology · May 2016"),
    Text(60, 140, 9, "3 authors, including:"),
    start=1000,
)
BEHIND_COVER = page(
    Text(60, 80, 16, "Otters and the wind"),
    Text(60, 110, 11, "Iris Fern and Rowan Ash"),
    Text(60, 150, 10, "Abstract"),
    number=2,
)
THREE = ("Iris Fern", "Rowan Ash", "Hazel Moss")
FIGURE = page(
    *(Text(60 + 40 * n, 60 + 50 * n, 11, text) for n, text in enumerate(("Kite", "Wind Gauge", "Otter Holt", "River"))),
    start=1000,
)
