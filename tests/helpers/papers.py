"""Define invented papers, as text and as PDFs, and the paths of test files."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared"
CASES = ROOT / "tests" / "cases"
"""Small inputs modelled on faults that users of similar tools reported. Each folder's EXPECTED.md holds the result."""
PAPERS = {
    "Counting Otters from Kites": (
        "River otters are hard to count. We fly a camera kite over eleven rivers and find otters with a small "
        "detector. The kite counts 94.5% of the otters that divers count, at a tenth of the cost. It fails in fog."
    ),
    "Tidal Clocks for Sensor Networks": (
        "Sensors under water drift apart in time. We let each sensor read the tide and agree on a clock without any "
        "radio. After 30 days the clocks differ by 1.8 seconds at most. The method needs a tide of 40 cm or more."
    ),
    "A Grammar of Bird Alarm Calls": (
        "We recorded 2,113 alarm calls of great tits. A grammar of seven rules predicts which call follows another. "
        "Playback experiments confirm six of the seven rules. Young birds break the rules twice as often as adults."
    ),
}


def write_pdf(path: Path, title: str, abstract: str, body: str, author: str = "") -> Path:
    """Write a two-page paper: title and abstract, then an introduction."""
    from reportlab.lib.pagesizes import A4  # imported here, so that tests without PDFs do not load it
    from reportlab.lib.styles import getSampleStyleSheet
    from reportlab.platypus import PageBreak, Paragraph, SimpleDocTemplate

    styles = getSampleStyleSheet()
    parts = [Paragraph(title, styles["Title"])]
    parts += [Paragraph(author, styles["BodyText"])] if author else []
    parts += [Paragraph("Abstract", styles["Heading2"]), Paragraph(abstract, styles["BodyText"]), PageBreak()]
    parts += [Paragraph("1 Introduction", styles["Heading2"]), Paragraph(body, styles["BodyText"])]
    SimpleDocTemplate(str(path), pagesize=A4, title=title, author=author, invariant=True).build(parts)
    return path


def write_plant(folder: Path, plant: str, number: int) -> Path:
    """Write a paper on a plant with one number in its abstract and another in its full text."""
    path = write_pdf(
        folder / f"{plant}.pdf",
        f"On the Growth of {plant} in Shade",
        f"We measured how {plant.lower()} grows in deep shade over one whole summer. It grew by {number} mm a week, "
        "less than in the sun, where its leaves stayed smaller and its stems were thicker than we had thought before.",
        f"The roots of {plant.lower()} reached a depth of {number + 100} cm in sand. We dug them out by hand and "
        "washed them over a sieve, and we weighed what was left of them after they had dried for two days in the oven.",
    )
    os.utime(path, (1_700_000_000 + number,) * 2)
    return path
