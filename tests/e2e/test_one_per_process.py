"""A second sandbox in a process is refused before it listens; one after the other is fine."""

from __future__ import annotations

import socket
from pathlib import Path

import httpx
import pytest

from partnerlab.sandbox import Sandbox, SandboxRuns
from partnerlab.settings import SandboxSettings


def test_a_second_sandbox_is_refused_in_words_and_the_first_goes_on() -> None:
    with Sandbox(SandboxSettings(port=0)) as first:
        second = Sandbox(SandboxSettings(port=0))
        folder = Path(second._folder.name)
        with pytest.raises(SandboxRuns, match=f"already, on {first.url}, .*one data pump per process.*/lane/<name>"):
            second.start()
        assert not folder.exists()
        assert httpx.get(f"{first.url}/_sandbox/health").status_code == 200
    with Sandbox(SandboxSettings(port=0)) as third:
        assert httpx.get(f"{third.url}/_sandbox/health").status_code == 200


def test_a_sandbox_that_could_not_listen_is_in_nobodys_way() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(OSError, match="ddress"):
        Sandbox(SandboxSettings(port=taken.getsockname()[1])).start()
    with Sandbox(SandboxSettings(port=0)) as running:
        assert httpx.get(f"{running.url}/_sandbox/health").status_code == 200
