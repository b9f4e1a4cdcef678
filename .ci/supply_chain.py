"""Write the list of all packages as a CycloneDX SBOM, and look for known vulnerabilities in them.

    python .ci/supply_chain.py [FOLDER]        FOLDER: where sbom.cdx.json goes, default build

The pinned versions of constraints.txt are what is listed and looked up; both tools run in an environment of their own.
The vulnerabilities come from PyPI's service. Where that cannot be reached, they are not looked up, and this says so.
Ends with status 1 if a package has a known vulnerability.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
TOOLS = ("cyclonedx-bom==7.5.0", "pip-audit==2.10.1")
INSTALL_SECONDS, SBOM_SECONDS, AUDIT_SECONDS = 300, 120, 180
ANSWER_SECONDS = 5  # for each package


def main(folder: Path) -> int:
    """Write the SBOM into the folder, print what is known of vulnerabilities, return the status."""
    folder.mkdir(parents=True, exist_ok=True)
    pins = str(ROOT / "constraints.txt")
    with tempfile.TemporaryDirectory() as tools:
        _run([sys.executable, "-m", "venv", tools], INSTALL_SECONDS)
        _run([f"{tools}/bin/pip", "install", "--quiet", "--disable-pip-version-check", *TOOLS], INSTALL_SECONDS)
        sbom = folder / "sbom.cdx.json"
        listed = ["requirements", pins, "--pyproject", str(ROOT / "pyproject.toml"), "--output-file", str(sbom)]
        _run([f"{tools}/bin/cyclonedx-py", *listed], SBOM_SECONDS)
        _say(f"{len(json.loads(sbom.read_text())['components'])} packages are listed in {sbom.name}.")
        looked_up = [f"{tools}/bin/pip-audit", "--requirement", pins, "--no-deps", "--disable-pip", "--format", "json"]
        try:
            done = subprocess.run(
                [*looked_up, "--timeout", str(ANSWER_SECONDS)],
                capture_output=True, text=True, timeout=AUDIT_SECONDS, check=False,
            )  # fmt: skip
            found = json.loads(done.stdout)
        except (subprocess.TimeoutExpired, ValueError):
            found = {}
    status, text = verdict(found)
    _say(text)
    return status


def verdict(found: dict[str, Any]) -> tuple[int, str]:
    """Return the status and what to print of pip-audit's JSON; {} if there is none."""
    packages = found.get("dependencies", [])
    known = [each for each in packages if "skip_reason" not in each]
    if not known:
        return 0, "Vulnerabilities were not looked up: PyPI's service for them cannot be reached from here."
    holes = [
        f"{each['name']} {each['version']}: {hole['id']}, mended in {', '.join(hole.get('fix_versions', ())) or 'none'}"
        for each in known
        for hole in each.get("vulns", ())
    ]
    unknown = f", {len(packages) - len(known)} are not known there" if len(known) < len(packages) else ""
    return int(bool(holes)), "\n".join([f"{len(known)} packages were looked up{unknown}; {len(holes)} holes.", *holes])


def _run(command: list[str], seconds: int) -> None:
    subprocess.run(command, check=True, timeout=seconds, stdout=subprocess.DEVNULL)


def _say(text: str) -> None:
    print(text)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if sys.argv[1:] else ROOT / "build"))
