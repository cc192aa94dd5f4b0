"""Downloads from a real server: broken off, resumed, tampered with, called off."""

from __future__ import annotations

import hashlib
import http.server
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from app.speech.whisper.catalogue import Published
from app.speech.whisper.download import DownloadCancelled, DownloadFailed, Progress, download, found

CONTENT = bytes(range(256)) * 8192  # 2 MiB


@dataclass
class Site:
    """A server of one file.

    Attributes:
        content: of the file.
        break_at: of each connection in turn, after so many bytes; whole ones follow.
        ranges: whether it knows how to go on.
        asked: the `Range` of each request.
    """

    content: bytes = CONTENT
    break_at: list[int] = field(default_factory=list)
    ranges: bool = True
    asked: list[str | None] = field(default_factory=list)
    port: int = 0

    def model(self) -> Published:
        address = f"http://127.0.0.1:{self.port}/models/small.pt"
        return Published("small", address, hashlib.sha256(CONTENT).hexdigest(), 2)


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site()

    class Answers(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            wanted = self.headers.get("Range")
            site.asked.append(wanted)
            start = int(wanted.removeprefix("bytes=").removesuffix("-")) if wanted and site.ranges else 0
            if start >= len(site.content):
                self.send_error(416)
                return
            self.send_response(206 if start else 200)
            rest = site.content[start:]
            self.send_header("Content-Length", str(len(rest)))
            self.end_headers()
            self.wfile.write(rest[: site.break_at.pop(0)] if site.break_at else rest)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        site.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield site
        server.shutdown()
        thread.join()


def test_it_comes_whole_and_is_seen_coming(site: Site, tmp_path: Path) -> None:
    folder = tmp_path / "not there yet"
    seen: list[Progress] = []
    path = download(site.model(), folder, progress=seen.append)
    assert path.read_bytes() == CONTENT
    assert path == folder / "small.pt" == found(site.model(), folder)
    assert [one.done_bytes for one in seen] == sorted(one.done_bytes for one in seen)
    assert seen[0].done_bytes == 0
    assert seen[-1].done_bytes == len(CONTENT)
    assert {(one.total_bytes, one.folder, one.name) for one in seen} == {(len(CONTENT), folder, "small")}
    assert [file.name for file in folder.iterdir()] == ["small.pt"]


def test_a_connection_that_breaks_off_is_taken_up_where_it_was(site: Site, tmp_path: Path) -> None:
    site.break_at = [700_000, 300_000]
    path = download(site.model(), tmp_path, progress=lambda progress: None)
    assert path.read_bytes() == CONTENT
    starts = [int((asked or "bytes=0-").removeprefix("bytes=").removesuffix("-")) for asked in site.asked]
    assert starts == [0, 700_000, 1_000_000]


def test_a_server_that_cannot_go_on_begins_anew(site: Site, tmp_path: Path) -> None:
    site.break_at, site.ranges = [700_000], False
    assert download(site.model(), tmp_path, progress=lambda progress: None).read_bytes() == CONTENT


def test_half_a_download_is_no_model(site: Site, tmp_path: Path) -> None:
    site.break_at = [700_000] + [0] * 20
    with pytest.raises(
        DownloadFailed, match=r"small \(about 2 MB\) from http.*broke off at byte 700000.*try again"
    ):
        download(site.model(), tmp_path, progress=lambda progress: None)
    assert found(site.model(), tmp_path) is None
    assert [file.name for file in tmp_path.iterdir()] == ["small.pt.partial"]
    site.break_at.clear()
    site.asked.clear()
    assert download(site.model(), tmp_path, progress=lambda progress: None).read_bytes() == CONTENT
    assert site.asked == ["bytes=700000-"]


def test_a_wrong_checksum_is_refused_and_not_kept(site: Site, tmp_path: Path) -> None:
    site.content = CONTENT[:-1] + b"?"
    with pytest.raises(DownloadFailed, match="wrong checksum"):
        download(site.model(), tmp_path, progress=lambda progress: None)
    assert list(tmp_path.iterdir()) == []
    site.content = CONTENT
    assert download(site.model(), tmp_path, progress=lambda progress: None).read_bytes() == CONTENT


def test_a_partial_file_that_is_longer_than_the_whole_is_begun_anew(site: Site, tmp_path: Path) -> None:
    (tmp_path / "small.pt.partial").write_bytes(CONTENT + b"more")
    with pytest.raises(DownloadFailed, match="wrong checksum"):
        download(site.model(), tmp_path, progress=lambda progress: None)
    assert download(site.model(), tmp_path, progress=lambda progress: None).read_bytes() == CONTENT


def test_it_can_be_called_off_and_gone_on_with(site: Site, tmp_path: Path) -> None:
    seen: list[Progress] = []
    with pytest.raises(DownloadCancelled, match="small"):
        download(site.model(), tmp_path, progress=seen.append, cancelled=lambda: len(seen) > 3)
    assert found(site.model(), tmp_path) is None
    done = (tmp_path / "small.pt.partial").stat().st_size
    assert 0 < done < len(CONTENT)
    download(site.model(), tmp_path, progress=seen.append)
    assert site.asked[-1] == f"bytes={done}-"


def test_no_network_says_what_where_and_what_to_do(tmp_path: Path) -> None:
    nobody = Published("small", "http://127.0.0.1:9/models/small.pt", "0" * 64, 2)
    with pytest.raises(
        DownloadFailed, match=r"small.*http://127.0.0.1:9/.*refused.*check the network.*copy the file"
    ):
        download(nobody, tmp_path, progress=lambda progress: None)


def test_a_file_that_is_not_what_was_published_is_not_found(site: Site, tmp_path: Path) -> None:
    (tmp_path / "small.pt").write_bytes(CONTENT[:1000])
    assert found(site.model(), tmp_path) is None
