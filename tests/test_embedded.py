"""The engines that Khuen starts itself: closed to others, gone with their parent, back after every kind of death.

They are made cold here, in directories of their own, because the other tests share one pair that must not be killed.
"""

import asyncio
import os
import pwd
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest
import redis

from khuen import bootstrap, embedded, processes, programs

CHILD = """
import sys, time
from pathlib import Path
from khuen import embedded
engines = embedded.start(Path(sys.argv[1]), durable=False)
print(engines.postgres.process.pid, engines.redis.process.pid, flush=True)
time.sleep(60)
"""


@pytest.fixture(scope="module")
def engines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[embedded.Engines]:
    started = embedded.start(tmp_path_factory.mktemp("engines") / "data", durable=False)
    asyncio.run(bootstrap.prepare(started.superuser_url, started.passwords))
    yield started
    started.stop()


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Path]:
    """A directory whose engines the test kills; nothing may be left running after it."""
    yield tmp_path / "data"
    assert serving(tmp_path / "data") == []


def test_both_answer_and_everything_is_private(engines: embedded.Engines) -> None:
    assert engines.alive()
    for folder in (engines.run, engines.data, engines.data / "secrets", engines.data / "postgres"):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700, folder
    secrets = [*(engines.data / "secrets").iterdir(), engines.data / "redis" / "users.acl"]
    assert len(secrets) == 8
    assert {stat.S_IMODE(file.stat().st_mode) for file in secrets} == {0o600}
    assert len({*engines.passwords.values(), engines.redis_password}) == 7


def test_neither_engine_listens_on_a_port(engines: embedded.Engines) -> None:
    assert sql(engines.superuser_url, "SELECT current_setting('listen_addresses')") == ""
    assert not redis_cli(engines, "CLIENT", "GETNAME").startswith("NOPERM")
    with pytest.raises(redis.ConnectionError):
        redis.Redis(port=6379).ping()


def test_secrets_do_not_show_in_a_representation(engines: embedded.Engines) -> None:
    shown = repr(engines)
    assert not any(secret in shown for secret in (*engines.passwords.values(), engines.redis_password))


@pytest.mark.parametrize("role", ["postgres", "khuen_owner", "khuen_app", "khuen_backup"])
@pytest.mark.parametrize("password", [None, "", "postgres"])
def test_threat_31_no_local_user_opens_the_database(engines: embedded.Engines, role: str, password: str | None) -> None:
    async def knock() -> None:
        await (await asyncpg.connect(engines.database_url, user=role, password=password)).close()

    with pytest.raises((asyncpg.InvalidPasswordError, asyncpg.InternalClientError)):
        asyncio.run(knock())


def test_threat_31_the_superuser_needs_its_password_after_a_restart_too(own: Path) -> None:
    embedded.start(own, durable=False).stop()
    engines = embedded.start(own, durable=False)
    assert sql(engines.superuser_url, "SELECT 1") == 1
    with pytest.raises(asyncpg.InvalidPasswordError):
        sql(engines.superuser_url.replace(engines.passwords["superuser"], "guess"), "SELECT 1")
    engines.stop()


@pytest.mark.parametrize(
    "command",
    [
        ("EVAL", "return 1", "0"),
        ("SCRIPT", "LOAD", "return 1"),
        ("CONFIG", "GET", "*"),
        ("KEYS", "*"),
        ("FLUSHALL",),
        ("MODULE", "LIST"),
        ("ACL", "LIST"),
        ("SHUTDOWN",),
        ("GET", "somebody:else"),
    ],
)
def test_threat_32_no_lua_and_no_administration_in_redis(engines: embedded.Engines, command: tuple[str, ...]) -> None:
    assert redis_cli(engines, *command).startswith(("NOPERM", "this user has no permissions"))


def test_threat_32_a_stranger_reads_nothing_in_redis(engines: embedded.Engines) -> None:
    with pytest.raises(redis.AuthenticationError):
        redis.Redis(unix_socket_path=str(engines.redis.socket)).get("khuen:x")


def test_redis_does_what_khuen_needs(engines: embedded.Engines) -> None:
    with redis.Redis.from_url(engines.redis_url) as client, client.pipeline(transaction=True) as both:
        both.delete("khuen:test").incr("khuen:test").expire("khuen:test", 5)
        assert both.execute()[1:] == [1, True]
        assert client.info("server")["redis_version"]


@pytest.mark.parametrize("role", ["khuen_owner", "khuen_app", "khuen_auth", "khuen_lead"])
def test_nobody_who_serves_pages_may_set_a_tenant_inside_a_select(engines: embedded.Engines, role: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):  # 42501
        sql(as_role(engines, role), "SELECT set_config('app.tenant_id', 'other', true)")
    assert sql(as_role(engines, "khuen_backup"), "SELECT set_config('search_path', '', false)") == ""


@pytest.mark.parametrize("role", ["khuen_app", "khuen_auth", "khuen_lead", "khuen_backup"])
@pytest.mark.parametrize("statement", ["CREATE TEMP TABLE t()", "CREATE TABLE public.t()", "CREATE SCHEMA s"])
def test_nobody_who_serves_pages_may_create(engines: embedded.Engines, role: str, statement: str) -> None:
    with pytest.raises((asyncpg.InsufficientPrivilegeError, asyncpg.ReadOnlySQLTransactionError)):
        sql(as_role(engines, role), statement)


def test_the_roles_are_what_the_walls_stand_on(engines: embedded.Engines) -> None:
    super_or_bypass = """SELECT string_agg(rolname, ' ' ORDER BY rolname) FROM pg_roles
        WHERE rolname ^@ 'khuen_' AND (rolsuper OR rolcreatedb OR rolcreaterole OR rolreplication OR rolbypassrls)"""
    assert sql(engines.superuser_url, super_or_bypass) == "khuen_backup"
    member = "SELECT count(*) FROM pg_auth_members WHERE member IN ('khuen_app'::regrole, 'khuen_lead'::regrole)"
    assert sql(engines.superuser_url, member) == 0
    shown = [sql(as_role(engines, "khuen_app"), f"SHOW {name}") for name in bootstrap.LIMITS]
    assert shown == ["5s", "2s", "10s", "15s", "auto"]


def test_bootstrap_twice_is_harmless_and_sets_a_changed_password(engines: embedded.Engines) -> None:
    sql(as_role(engines, "khuen_owner"), "CREATE TABLE kept AS SELECT 7 AS seven")
    changed = {**engines.passwords, "app": "a-new-password-of-the-app"}
    asyncio.run(bootstrap.prepare(engines.superuser_url, changed))
    with pytest.raises(asyncpg.InvalidPasswordError):
        sql(as_role(engines, "khuen_app"), "SELECT 1")
    asyncio.run(bootstrap.prepare(engines.superuser_url, engines.passwords))
    assert sql(as_role(engines, "khuen_app"), "SELECT 1") == 1
    assert sql(as_role(engines, "khuen_owner"), "SELECT seven FROM kept") == 7


def test_bootstrap_refuses_a_weak_password_and_whoever_is_no_superuser(engines: embedded.Engines) -> None:
    with pytest.raises(bootstrap.BootstrapRefused, match="khuen_owner"):
        asyncio.run(bootstrap.prepare(engines.superuser_url, {**engines.passwords, "owner": "short"}))
    with pytest.raises(bootstrap.BootstrapRefused, match="superuser"):
        asyncio.run(bootstrap.seal_database(as_role(engines, "khuen_owner")))
    with pytest.raises(bootstrap.BootstrapRefused, match="password authentication failed"):
        asyncio.run(bootstrap.seal_database(engines.superuser_url.replace(engines.passwords["superuser"], "guess")))


def test_bootstrap_refuses_a_database_where_set_config_stays_open(engines: embedded.Engines) -> None:
    function = bootstrap.SET_CONFIG
    sql(engines.superuser_url.replace("/postgres?", "/khuen?"), f"GRANT EXECUTE ON FUNCTION {function} TO khuen_app")
    with pytest.raises(bootstrap.BootstrapRefused, match="khuen_app"):
        asyncio.run(bootstrap.seal_database(engines.superuser_url))
    sql(engines.superuser_url.replace("/postgres?", "/khuen?"), f"REVOKE EXECUTE ON FUNCTION {function} FROM khuen_app")
    asyncio.run(bootstrap.seal_database(engines.superuser_url))


def test_a_template_copy_keeps_set_config_shut_and_is_sealed_for_the_rest(engines: embedded.Engines) -> None:
    sql(engines.superuser_url, "CREATE DATABASE copied TEMPLATE khuen OWNER khuen_owner STRATEGY FILE_COPY")
    copied = as_role(engines, "khuen_app").replace("/khuen?", "/copied?")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        sql(copied, "SELECT set_config('app.tenant_id', 'other', true)")
    asyncio.run(bootstrap.seal_database(engines.superuser_url.replace("/postgres?", "/copied?")))
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        sql(copied, "CREATE TEMP TABLE t()")


def test_a_refused_statement_leaves_no_content_in_the_log(engines: embedded.Engines) -> None:
    owner = as_role(engines, "khuen_owner")
    sql(owner, "CREATE TABLE once (name text PRIMARY KEY); INSERT INTO once VALUES ('Canary Testsubject')")
    with pytest.raises(asyncpg.UniqueViolationError):
        sql(owner, "INSERT INTO once VALUES ('Canary Testsubject')")
    said = (engines.data / "postgres.log").read_text()
    assert "duplicate key" in said
    assert "Canary" not in said


def test_two_instances_side_by_side(engines: embedded.Engines, own: Path) -> None:
    second = embedded.start(own, durable=False)
    assert engines.alive() and second.alive()
    assert {engines.run, engines.redis_url}.isdisjoint({second.run, second.redis_url})
    second.stop()
    assert engines.alive()


def test_one_data_directory_is_never_served_twice(engines: embedded.Engines) -> None:
    with pytest.raises(embedded.EnginesUnavailable, match="Another Khuen"):
        embedded.start(engines.data, durable=False)
    assert engines.alive()


def test_stop_leaves_nothing_running_and_nothing_lost(own: Path) -> None:
    engines = embedded.start(own, durable=True)
    sql(engines.superuser_url, "CREATE TABLE kept AS SELECT 7 AS seven")
    engines.stop()
    engines.stop()
    assert not engines.alive()
    assert not engines.run.exists()
    assert serving(own) == []
    again = embedded.start(own)
    assert again.passwords == engines.passwords
    assert sql(again.superuser_url, "SELECT seven FROM kept") == 7
    again.stop()


@pytest.mark.parametrize("which", ["postgres", "redis"])
def test_a_killed_engine_is_started_again_by_the_watch(own: Path, which: str) -> None:
    engines = embedded.start(own)
    sql(engines.superuser_url, "CREATE TABLE kept AS SELECT 7 AS seven")

    async def kill_and_wait() -> None:
        watch = asyncio.create_task(engines.watch())
        kill(getattr(engines, which))
        await asyncio.to_thread(wait_until, engines.alive, seconds=15)
        watch.cancel()

    asyncio.run(kill_and_wait())
    assert sql(engines.superuser_url, "SELECT seven FROM kept") == 7
    engines.stop()


def test_after_both_were_killed_the_next_start_has_the_data(own: Path) -> None:
    engines = embedded.start(own)
    sql(engines.superuser_url, "CREATE TABLE kept AS SELECT 7 AS seven")
    kill(engines.postgres)
    kill(engines.redis)
    engines.stop()
    again = embedded.start(own)
    assert sql(again.superuser_url, "SELECT seven FROM kept") == 7
    again.stop()


@pytest.mark.parametrize("holder", [["sleep", "60"], ["true"]], ids=["stranger", "zombie"])
def test_whoever_has_the_dead_servers_pid_does_not_stop_the_start(own: Path, holder: list[str]) -> None:
    engines = embedded.start(own, durable=False)
    kill(engines.postgres)
    engines.stop()
    lock = own / "postgres" / "postmaster.pid"
    with subprocess.Popen(holder) as other:
        lock.write_text(f"{other.pid}\n" + lock.read_text().partition("\n")[2])
        again = embedded.start(own, durable=False)
        assert again.alive()
        again.stop()
        other.kill()


def test_a_killed_parent_takes_its_engines_along_and_the_next_start_is_fine(own: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", CHILD, str(own)], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pids = [int(pid) for pid in parent.stdout.readline().split()]
        parent.kill()
    assert len(pids) == 2
    if sys.platform == "linux":  # elsewhere the next start stops what was left
        wait_until(lambda: serving(own) == [], seconds=10)
    again = embedded.start(own, durable=False)
    assert again.alive()
    assert not set(pids) & {server.process.pid for server in (again.postgres, again.redis) if server.process}
    again.stop()


def test_a_start_right_after_the_parents_death_waits_for_the_old_server(own: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", CHILD, str(own)], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        parent.stdout.readline()
        parent.kill()
        parent.wait()
        again = embedded.start(own, durable=False)
    assert again.alive()
    again.stop()


def test_a_half_made_cluster_is_made_afresh(own: Path) -> None:
    part = own / "postgres.part"
    part.mkdir(parents=True)
    (part / "PG_VERSION").write_text("18")
    engines = embedded.start(own, durable=False)
    assert engines.alive()
    assert not part.exists()
    engines.stop()


def test_a_cluster_without_its_passwords_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "data" / "postgres").mkdir(parents=True)
    with pytest.raises(embedded.EnginesUnavailable, match="secrets"):
        embedded.start(tmp_path / "data")


def test_a_deep_directory_still_fits_into_a_socket_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    deep = tmp_path / ("d" * 120)
    deep.mkdir()
    monkeypatch.setattr(embedded.tempfile, "gettempdir", lambda: str(deep))
    assert len(os.fsencode(embedded.run_folder(deep) / embedded.POSTGRES_SOCKET)) <= 107
    engines = embedded.start(deep / "data", durable=False)
    request.addfinalizer(engines.stop)
    assert engines.alive()


def test_a_socket_folder_laid_out_by_somebody_else_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded.tempfile, "gettempdir", lambda: str(tmp_path))
    trap = embedded.run_folder((tmp_path / "data").resolve())
    (tmp_path / "elsewhere").mkdir()
    trap.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(embedded.EnginesUnavailable, match="somebody else"):
        embedded.start(tmp_path / "data")


def test_root_steps_down_when_it_may_not_make_a_namespace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes.os, "geteuid", lambda: 0)
    monkeypatch.setattr(processes.shutil, "which", lambda name: None)
    nobody = pwd.getpwnam("nobody")
    assert processes.engine_account() == processes.Account((), nobody.pw_uid, nobody.pw_gid)


def test_a_machine_without_servers_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(programs.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    old = tmp_path / "redis-server"
    old.write_text("#!/bin/sh\necho 'Redis server v=5.0.7 sha=00000000:0'\n")
    old.chmod(0o755)
    with pytest.raises(embedded.EnginesUnavailable, match=r"Redis 6\.2 or later"):
        programs.find_programs()


def test_servers_on_the_path_are_taken_when_the_wheels_are_missing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    wheels = programs.find_programs()
    monkeypatch.setattr(programs.importlib.util, "find_spec", lambda name: None)
    (tmp_path / "postgres").symlink_to(wheels.postgres)
    (tmp_path / "valkey-server").symlink_to(wheels.redis)
    monkeypatch.setenv("PATH", str(tmp_path))
    found = programs.find_programs()
    assert found.redis == tmp_path / "valkey-server"
    assert programs.version(found.postgres) >= programs.POSTGRES_AT_LEAST
    assert found.initdb.exists()


def test_the_environment_is_what_an_operator_would_set(engines: embedded.Engines) -> None:
    names = {"KHUEN_DATABASE_URL", "KHUEN_REDIS_URL"}
    names |= {f"KHUEN_DATABASE_{role}_PASSWORD" for role in ("OWNER", "APP", "AUTH", "LEAD", "BACKUP")}
    given = embedded.environment(engines)
    assert set(given) == names
    assert urlsplit(given["KHUEN_DATABASE_URL"]).username is None


def sql(dsn: str, statement: str) -> object:
    async def ask() -> object:
        connection = await asyncpg.connect(dsn, timeout=10)
        try:
            return await (connection.execute if ";" in statement else connection.fetchval)(statement)
        finally:
            await connection.close()

    return asyncio.run(ask())


def as_role(engines: embedded.Engines, role: str) -> str:
    password = engines.passwords[role.removeprefix("khuen_")]
    return engines.database_url.replace("postgresql://", f"postgresql://{role}:{password}@")


def redis_cli(engines: embedded.Engines, *command: str) -> str:
    with redis.Redis.from_url(engines.redis_url) as client:
        try:
            return str(client.execute_command(*command))
        except redis.ResponseError as error:
            return str(error)


def kill(server: processes.Server) -> None:
    assert server.process is not None
    os.kill(server.process.pid, signal.SIGKILL)
    with suppress(subprocess.TimeoutExpired):
        server.process.wait(5)


def serving(data: Path) -> list[str]:
    """Command lines of the processes that still work on this data."""
    marks = (str(data.resolve() / "postgres"), str(embedded.run_folder(data.resolve())))
    listed = subprocess.run(["ps", "-A", "-o", "command="], check=True, capture_output=True, text=True).stdout
    return [line for line in listed.splitlines() if any(mark in line for mark in marks)]


def wait_until(condition: Callable[[], bool], seconds: float) -> None:
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit, "it did not happen in time"
        time.sleep(0.05)
