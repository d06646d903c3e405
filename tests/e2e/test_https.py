"""A sandbox that serves https by a certificate of its own making: it calls itself, and others call it, verified."""

from __future__ import annotations

import os
import ssl
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner

from partnerlab.certificates import VALID, CertificateUnusable, find_or_make
from partnerlab.cli import main
from partnerlab.sandbox import Sandbox
from partnerlab.settings import SandboxSettings


def test_an_https_sandbox_delivers_asks_and_is_asked(tmp_path: Path) -> None:
    settings = SandboxSettings(port=0, tls=str(tmp_path / "tls"))
    with Sandbox(settings) as sandbox:
        assert sandbox.url.startswith("https://127.0.0.1:")
        with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
            httpx.get(f"{sandbox.url}/_sandbox/health")
        authority = httpx.get(f"{sandbox.url}/_sandbox/ca.pem", verify=False)
        assert authority.headers["content-type"] == "application/x-pem-file"
        (tmp_path / "downloaded.pem").write_bytes(authority.content)
        trusted = {
            **os.environ,
            "SSL_CERT_FILE": str(tmp_path / "downloaded.pem"),
            "PARTNERLAB_URL": sandbox.url,
        }

        def run(*words: str) -> str:
            command = [sys.executable, "-m", "partnerlab", *words]
            return subprocess.run(command, env=trusted, capture_output=True, text=True, timeout=60, check=True).stdout

        run("trigger", "pay", "10000101", "40.00")
        assert sandbox.settle("default")
        assert "delivered" in run("deliveries", "list")  # the pump reached the partner
        assert "85.50" in run("trigger", "open", "500001")  # Invoice Cloud asked the partner
        run("jobs", "run", "inhance_v1", "invoices")  # a partner's job reached Invoice Cloud
        wsdl = httpx.get(
            f"{sandbox.url}/iCloud/iCloud.asmx?wsdl",
            verify=ssl.create_default_context(cafile=tmp_path / "downloaded.pem"),
        )
        assert f'location="{sandbox.url}/iCloud/iCloud.asmx"' in wsdl.text


def test_a_certificate_is_kept_until_it_no_longer_serves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = find_or_make(tmp_path, {"sandbox.test"})
    assert first.key.stat().st_mode & 0o777 == 0o600
    kept = first.certificate.read_bytes()
    assert find_or_make(tmp_path, {"sandbox.test"}).certificate.read_bytes() == kept
    assert find_or_make(tmp_path, set()).certificate.read_bytes() == kept
    widened = find_or_make(tmp_path, {"other.test", "10.0.0.1"}).certificate.read_bytes()
    assert widened != kept
    monkeypatch.setattr("partnerlab.certificates.LEFT", VALID + timedelta(days=1))
    assert find_or_make(tmp_path, {"other.test"}).certificate.read_bytes() != widened


def test_a_folder_with_a_certificate_of_somebody_elses_is_left_alone(tmp_path: Path) -> None:
    made = find_or_make(tmp_path / "made", set())
    text = made.certificate.read_bytes()
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs" / "certificate.pem").write_bytes(made.authority.read_bytes())
    with pytest.raises(CertificateUnusable, match="was not made here"):
        find_or_make(tmp_path / "theirs", set())
    assert (tmp_path / "theirs" / "certificate.pem").read_bytes() == made.authority.read_bytes()
    made.certificate.write_text("nonsense")
    with pytest.raises(CertificateUnusable, match=str(tmp_path / "made")):
        find_or_make(tmp_path / "made", set())
    made.certificate.write_bytes(text)
    file = tmp_path / "file"
    file.touch()
    refused = CliRunner().invoke(main, ["sandbox", "--port", "0", "--tls", str(file / "below")])
    assert refused.exit_code == 1
    assert refused.output.startswith(f"Error: {file / 'below'}: ")


def test_a_certificate_that_was_given_is_served_as_it_is(tmp_path: Path) -> None:
    made = find_or_make(tmp_path, set())
    settings = SandboxSettings(
        port=0, tls_certificate=str(made.certificate), tls_key=str(made.key), hosts=("localhost",)
    )
    with Sandbox(settings) as sandbox:
        assert sandbox.url.startswith("https://localhost:")
        sandbox.ic.world  # noqa: B018  it is whole
        health = httpx.get(f"{sandbox.url}/_sandbox/health", verify=made.trusting())
        assert health.json() == {"status": "ok"}
