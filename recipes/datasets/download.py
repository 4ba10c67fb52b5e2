"""Download with progress, resume and bounded patience."""

from __future__ import annotations

from pathlib import Path

from recipes.datasets.catalog import DatasetUnavailable

TIMEOUT_SECONDS = (5.0, 30.0)
"""Patience for the connection and for each piece of the answer."""

TRIES = 3


def download(url: str, part: Path, subject: str, advice: str) -> None:
    """Fill `part` from `url`; bytes that are already there are kept if the server can go on from them.

    Args:
        url: http(s) address.
        part: file to fill; left in place when the download breaks, for the next call.
        subject: what is downloaded, for messages.
        advice: what to do when it can't be.

    Raises:
        DatasetUnavailable: the address can't be reached, answers with an error, or breaks off each time.
    """
    import requests

    problem = ""
    for _ in range(TRIES):
        try:
            problem = _attempt(url, part, subject)
        except requests.ConnectionError as error:
            # Trying again would only make an offline machine wait three times as long.
            problem = f"{url} can't be reached ({type(error).__name__})"
            break
        except requests.RequestException as error:
            problem = f"{url} answered with an error ({error})"
            break
        if not problem:
            return
    kept = f" The {part.stat().st_size} bytes that arrived are kept for the next try." if part.exists() else ""
    raise DatasetUnavailable(f"{subject} is not here and {problem}.{kept} {advice}")


def _attempt(url: str, part: Path, subject: str) -> str:
    """One request; returns what went wrong, or an empty string when everything has arrived."""
    import requests
    import urllib3
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    have = part.stat().st_size if part.exists() else 0
    headers = {"Range": f"bytes={have}-", "Accept-Encoding": "identity"} if have else {"Accept-Encoding": "identity"}
    with requests.get(url, headers=headers, stream=True, timeout=TIMEOUT_SECONDS) as answer:
        if answer.status_code == 416:
            # Nothing is left beyond what we have: the file is whole, or the kept bytes are not a beginning of it.
            if answer.headers.get("Content-Range", "").endswith(f"/{have}"):
                return ""
            part.unlink()
            return "the kept bytes did not fit the file"
        if answer.status_code >= 500:
            return f"{url} answered with an error ({answer.status_code} {answer.reason})"
        answer.raise_for_status()
        if answer.status_code != 206:
            have = 0
        total = have + int(answer.headers.get("Content-Length", 0))
        columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
        with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task(subject, total=total or None, completed=have)
            # By default a short answer raises and takes its last, partial piece with it; the size is checked below.
            answer.raw.enforce_content_length = False
            # Reading `raw` bypasses requests, so a stall or a reset arrives as urllib3's own error.
            broken = False
            with part.open("ab" if have else "wb") as file:
                try:
                    while piece := answer.raw.read(1 << 16):
                        file.write(piece)
                        bar.advance(task, len(piece))
                except urllib3.exceptions.HTTPError:
                    broken = True
    arrived = part.stat().st_size
    broken = broken or (total > 0 and arrived < total)
    return f"{url} broke off after {arrived} of {total or 'unknown'} bytes" if broken else ""
