"""Add damaged PDFs together with good ones in a new process; measure what is stored and the memory it takes."""

import contextlib
import io
import json
import os
import random
import subprocess
import sys
import threading
import time
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from rag.assistant import Assistant
from rag.ingest.files import storable

_SEED = 0
_LONG = 3000  # pages


def measure_damaged(files: Sequence[Path], count: int, folder: Path) -> dict[str, Any]:
    """Add good files and `count` damaged copies; return which were stored, reported by name, or neither."""
    papers = folder / "papers"
    papers.mkdir()
    for path in files:
        (papers / path.name).write_bytes(path.read_bytes())
    for name, content in damaged_files(files, count):
        (papers / name).write_bytes(content)
    started = time.perf_counter()
    added = add_in_process(papers, folder / "damaged", folder)
    seconds = time.perf_counter() - started
    if "broke down" in added:
        return {"files": count, **added}
    good = {path.name for path in files}
    stored = set(added["stored"])
    return {
        "files": count,
        "stored": len(stored - good),
        "reported": len(added["failed"]),
        "neither": sorted({storable(name) for name in os.listdir(papers)} - stored - set(added["failed"])),
        "good files that are not stored": sorted(good - stored),
        "seconds": round(seconds, 1),
        "peak MB": added["peak MB"],
    }


def add_in_process(papers: Path, library: Path, folder: Path) -> dict[str, Any]:
    """Add `papers` in a process; return what was stored, what failed, and the peak memory in MB of it and its readers.

    If the process fails, return only the error, as `broke down`. Temporary files are written to `folder`. The peaks are
    None without /proc.
    """
    out = folder / "added.json"
    code = "import sys; from eval.collections.damaged import add_here; add_here(*sys.argv[1:])"
    command = [sys.executable, "-c", code, str(papers), str(library), str(out)]
    done = subprocess.run(command, stderr=subprocess.PIPE, cwd=Path(__file__).parents[2])
    if done.returncode:
        return {"broke down": done.stderr.decode(errors="replace").strip().splitlines()[-1]}
    added: dict[str, Any] = json.loads(out.read_text())
    return added


def add_here(papers: str, library: str, out: str) -> None:
    """Add `papers` in this process; write the result to the file `out` as JSON."""
    readers: dict[str, int] = {}
    threading.Thread(target=_watch_children, args=(readers,), daemon=True).start()
    with Assistant.open(library=library, mode="quote") as assistant:
        report = assistant.add(papers)
        stored = sorted({source for paper in assistant.papers() for source in paper.sources})
    failed = [failure.source for failure in report.failed]
    peak = {"program": _peak_memory("self"), "largest reader": max(readers.values(), default=None)}
    Path(out).write_text(json.dumps({"stored": stored, "failed": failed, "peak MB": peak}))


def _watch_children(peaks: dict[str, int]) -> None:
    """Keep `peaks` up to date with the peak memory of each child process in MB, by its id."""
    parent = Path("/proc/self/cmdline")
    while parent.exists():
        for children in Path("/proc/self/task").glob("*/children"):
            with contextlib.suppress(OSError):  # the process has just ended
                for process in children.read_text().split():
                    # Before it has started its program, a child's peak includes its parent's memory.
                    if Path(f"/proc/{process}/cmdline").read_bytes() != parent.read_bytes():
                        peaks[process] = _peak_memory(process) or 0
        time.sleep(0.05)


def _peak_memory(process: str) -> int | None:
    """Return the peak memory of a process in MB."""
    status = Path(f"/proc/{process}/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return next((int(line.split()[1]) // 1024 for line in lines if line.startswith("VmHWM")), None)


def damaged_files(files: Sequence[Path], count: int) -> Iterator[tuple[str, bytes]]:
    """Yield names and contents: mutated, truncated, encrypted, empty, huge when decompressed, many pages, odd names.

    A name that is not UTF-8 has its bytes as lone surrogates, as in file names from the system.
    """
    rng = random.Random(_SEED)
    whole = [path.read_bytes() for path in files]
    special = [
        ("empty.pdf", b""),
        ("zeros.pdf", bytes(10_000)),
        ("text.pdf", b"This is no PDF at all.\n" * 100),
        ("header alone.pdf", b"%PDF-1.7\n"),
        ("locked.pdf", _encrypted(whole[0])),
        ("bomb.pdf", _bomb()),
        ("ten thousand pages.pdf", _many_pages(10_000)),
        ("three thousand pages of text.pdf", long_text(_LONG)),
        (os.fsdecode(b"bad\xff.pdf"), whole[0][:5000]),
        ("-leading dash.pdf", whole[0][:5000]),
        ('quote\'d "name".pdf', whole[0][:5000]),
        ("line\nbreak.pdf", whole[0][:5000]),
        ("名前 🦦.pdf", whole[0][:5000]),
        ("a" * 240 + ".pdf", whole[0][:5000]),
    ]
    yield from special[:count]
    for number in range(count - len(special)):
        data = bytearray(rng.choice(whole))
        kind = ("flipped", "cut", "spliced")[number % 3]
        if kind == "flipped":
            for _ in range(rng.choice((1, 10, 100, 1000))):
                data[rng.randrange(len(data))] = rng.randrange(256)
        elif kind == "cut":
            del data[rng.randrange(len(data)) :]
        else:
            start = rng.randrange(len(data))
            del data[start : start + rng.randrange(1, 5000)]
        yield f"{kind} {number}.pdf", bytes(data)


def _encrypted(data: bytes) -> bytes:
    from pypdf import PdfReader, PdfWriter

    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(data)))
    writer.encrypt("secret", algorithm="AES-256")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def _bomb() -> bytes:
    """Return a one-page PDF with 300 MB of operators compressed to 2 MB."""
    squeezer = zlib.compressobj(9)
    block = b"BT /F1 9 Tf (otter) Tj ET\n" * 40_000
    content = b"".join(squeezer.compress(block) for _ in range(300)) + squeezer.flush()
    return _with_objects([b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents 4 0 R >>"], content)


def _many_pages(count: int) -> bytes:
    return _with_objects([b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] >>"] * count, b"")


def long_text(count: int) -> bytes:
    """Return a PDF with `count` pages of the same twenty lines."""
    line = b"(River otters leave few traces on a rocky shore and most are washed away by the next flood.) Tj T*\n"
    content = zlib.compress(b"BT /F1 9 Tf 12 TL 60 600 Td\n" + line * 20 + b"ET")
    font = b"/Resources << /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >>"
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents 4 0 R %s >>" % font
    return _with_objects([page] * count, content)


def _with_objects(pages: Sequence[bytes], content: bytes) -> bytes:
    numbers = [3, *range(5, 4 + len(pages))]
    kids = b" ".join(b"%d 0 R" % number for number in numbers)
    objects = {
        1: b"<< /Type /Catalog /Pages 2 0 R >>",
        2: b"<< /Type /Pages /Count %d /Kids [%s] >>" % (len(pages), kids),
        4: b"<< /Filter /FlateDecode /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
        **dict(zip(numbers, pages, strict=True)),
    }
    out = bytearray(b"%PDF-1.5\n")
    places = {}
    for number, body in sorted(objects.items()):
        places[number] = len(out)
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % places[number] for number in sorted(places))
    return bytes(out + b"trailer << /Root 1 0 R /Size %d >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start))
