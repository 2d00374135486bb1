"""The operator's door: what each command says, and with which exit code. Filling is tested in tests/practice."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from khuen import cli, embedded
from khuen.app import create_app
from khuen.database import connected
from khuen.paths import folder
from khuen.settings import Settings
from khuen.signin.routes import opened
from khuen.tenancy import within
from tests import care
from tests.conftest import KEK, Stage

PHON = folder("tenants") / "demo" / "phon.toml"
COMMANDS = (
    "demo",
    "serve",
    "work",
    "bootstrap",
    "migrate",
    "tenant",
    "person",
    "simulate",
    "audit",
    "backup",
    "restore",
)


@pytest.fixture
def operator(stage: Stage, db: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment of an operator of this test's database."""
    given = embedded.environment(stage.engines) | {
        "KHUEN_DATABASE_URL": db.database_url,
        "KHUEN_KEK": KEK,
        "KHUEN_ORIGIN": "http://testserver",
    }
    for name, value in given.items():
        monkeypatch.setenv(name, value)


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as left:
        cli.main(arguments)
    return left.value.code if isinstance(left.value.code, int) else 1


async def apart(*arguments: str) -> int:
    """In a thread of its own: a command brings its own event loop."""
    return await asyncio.to_thread(run, *arguments)


def test_help_lists_every_command() -> None:
    told = subprocess.run([sys.executable, "-m", "khuen", "--help"], capture_output=True, text=True)
    assert told.returncode == 0
    assert [name for name in COMMANDS if f"\n    {name}" not in told.stdout] == []


def test_a_command_that_is_none_is_answered_with_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("tenants") == 2
    assert "invalid choice: 'tenants'" in capsys.readouterr().err


def test_a_wrong_file_is_told_by_line_and_key(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wrong = tmp_path / "wrong.toml"
    (tmp_path / "standard.toml").write_text((folder("tenants") / "standard.toml").read_text())
    text = PHON.read_text().replace("practice = true", 'practice = "yes"')
    wrong.write_text(text)
    line = next(n for n, said in enumerate(text.splitlines(), 1) if said.startswith("practice"))
    assert run("tenant", "add", "--check", str(PHON), str(wrong)) == 1
    said = capsys.readouterr()
    assert said.err.startswith(f"{wrong}:{line}: tenant.practice: ") and said.out == ""


def test_a_right_file_is_checked_without_any_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KHUEN_KEK", raising=False)
    assert run("tenant", "add", "--check", str(PHON)) == 0


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("KHUEN_KEK", "", "KHUEN_KEK (or KHUEN_KEK_FILE) is not set: 32 random bytes in base64"),
        ("KHUEN_KEK", "c2hvcnQ=", "KHUEN_KEK must be 32 bytes in base64 (openssl rand -base64 32)"),
        ("KHUEN_KEK", "ไม่ใช่กุญแจ", "KHUEN_KEK must be 32 bytes in base64 (openssl rand -base64 32)"),
        ("KHUEN_DATABASE_URL", "", "KHUEN_DATABASE_URL is not set"),
        ("KHUEN_DATABASE_AUTH_PASSWORD", "", "KHUEN_DATABASE_AUTH_PASSWORD (or _FILE) is not set"),
        ("KHUEN_DEMO", "yes", "KHUEN_DEMO must be exactly True or False, not 'yes'"),
    ],
)
async def test_a_wrong_variable_is_named_and_no_secret_is_said(
    operator: None,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    name: str,
    value: str,
    said: str,
) -> None:
    monkeypatch.setenv(name, value)
    assert await apart("tenant", "invite", "phon", "สมมุติ ใจดี") == 1
    assert capsys.readouterr().err == f"khuen: {said}\n"


async def test_a_district_is_added_once(operator: None, root: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert await apart("tenant", "add", str(PHON)) == 0
    assert capsys.readouterr().out.startswith("phon: added, settings set")
    assert await apart("tenant", "add", str(PHON)) == 0
    assert capsys.readouterr().out == "phon: as it was\n"
    assert await root.fetchval("SELECT count(*) FROM auth.tenant") == 1


async def test_an_invitation_is_a_link_that_opens(
    operator: None, db: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await apart("tenant", "invite", "phon", "สมมุติ ใจดี") == 1
    assert "khuen tenant add" in capsys.readouterr().err
    await apart("tenant", "add", str(PHON))
    capsys.readouterr()
    assert await apart("tenant", "invite", "phon", "สมมุติ ใจดี") == 0
    link = urlsplit(capsys.readouterr().out.strip())
    app = create_app(db)
    browser = httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app), base_url="http://testserver", headers={"sec-fetch-site": "same-origin"}
    )
    async with connected(db, size=2), opened(app), browser:
        page = await browser.get(link.path)
        assert page.status_code == 200 and "สมมุติ ใจดี" in page.text
        answer = await browser.post(link.path, data={"login": "sommut", "password": "ทดสอบ รหัสผ่านยาวพอ"})
        assert answer.status_code == 303 and answer.headers["location"].startswith("/phon")
        assert (await browser.get(link.path)).status_code == 410


async def test_an_audit_without_sealed_heads_is_not_called_whole(
    operator: None, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await apart("audit", "verify") == 1
    assert capsys.readouterr().err.startswith("khuen: KHUEN_SEALS_DIR is not set")


async def test_a_person_is_erased_once_and_only_with_yes(
    operator: None,
    db: Settings,
    root: Any,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    async with connected(db, size=2):
        made = await care.stand(db, "chatturat", nok="coordinator", somchai="buddy")
        async with within(here := made.here("nok")):
            code = await care.open_case(here, made, "somchai")
    assert await apart("person", "erase", "chatturat", code, "--yes") == 1
    assert "KHUEN_ERASURES_FILE is not set" in capsys.readouterr().err
    monkeypatch.setenv("KHUEN_ERASURES_FILE", str(tmp_path / "erased"))
    assert await apart("person", "erase", "chatturat", code) == 1
    assert "--yes" in capsys.readouterr().out
    assert await root.fetchval("SELECT count(*) FROM person WHERE erased_at IS NOT NULL") == 0
    for said in ("is erased", "was erased before"):
        assert await apart("person", "erase", "chatturat", code, "--yes") == 0
        assert said in capsys.readouterr().out
    assert await root.fetchval("SELECT count(*) FROM person WHERE erased_at IS NOT NULL AND given_name = ''") == 1
    assert await apart("person", "erase", "chatturat", "CTR-9999", "--yes") == 1
    assert "no case" in capsys.readouterr().err
