"""The one door for operators: `khuen COMMAND`. Every command but demo reads its settings from the environment."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from khuen import settings as environment
from khuen.settings import SettingsError


def main(arguments: Sequence[str] | None = None) -> None:
    """Exit code 0 when done, 1 when the command found something wrong, 2 when it was called wrongly."""
    given = _parser().parse_args(arguments)
    try:
        sys.exit(given.run(given) or 0)
    except SettingsError as error:
        print(f"khuen: {error}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="khuen", description="คืนสู่ชุมชน: case management for community treatment")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    demo = commands.add_parser("demo", help="a practice province on this machine, engines included")
    demo.add_argument("--home", type=Path, default=Path(".khuen"), help="where its data lives (.khuen)")
    demo.add_argument("--port", type=int, default=8000)
    demo.add_argument("--fresh", action="store_true", help="forget the practice data and begin again")
    demo.set_defaults(run=_demo)

    serve = commands.add_parser("serve", help="serve the site")
    serve.add_argument("--host", default="127.0.0.1")
    serve.add_argument("--port", type=int, default=8000)
    serve.add_argument("--processes", type=int, default=1)
    serve.add_argument("--uds", default=None, help="a socket file instead of host and port")
    serve.set_defaults(run=_serve)

    work = commands.add_parser("work", help="run what runs when nobody waits: reminders, messages, seals")
    work.set_defaults(run=_work)

    bootstrap = commands.add_parser("bootstrap", help="prepare an external PostgreSQL once, as its superuser")
    bootstrap.add_argument("--superuser-url", required=True, help="postgresql://postgres:…@host/khuen")
    bootstrap.add_argument("--citus", action="store_true")
    bootstrap.set_defaults(run=_bootstrap)

    migrate = commands.add_parser("migrate", help="bring the schema up to date (the only command given the owner)")
    migrate.set_defaults(run=_migrate)

    tenant = commands.add_parser("tenant", help="districts").add_subparsers(required=True, metavar="ACT")
    add = tenant.add_parser("add", help="add a district, or publish its changed settings and rule pack")
    add.add_argument("file", type=Path, nargs="+", help="tenants/<name>.toml")
    add.add_argument("--check", action="store_true", help="only say whether the file is right")
    add.set_defaults(run=_tenant_add)
    invite = tenant.add_parser("invite", help="a one-time link for the first administrator of a district")
    invite.add_argument("slug")
    invite.add_argument("called_name")
    invite.set_defaults(run=_tenant_invite)

    person = commands.add_parser("person", help="people in care").add_subparsers(required=True, metavar="ACT")
    erase = person.add_parser("erase", help="forget somebody for good: their key is thrown away, in every backup too")
    erase.add_argument("slug")
    erase.add_argument("code", help="a code of theirs, such as CPM-0007")
    erase.add_argument("--yes", action="store_true", help="without it the command only says what it would do")
    erase.set_defaults(run=_person_erase)

    simulate = commands.add_parser("simulate", help="fill practice districts with invented people and months of work")
    simulate.add_argument("--seed", type=int, default=1)
    simulate.add_argument("--today", type=date.fromisoformat, default=None, help="YYYY-MM-DD (today)")
    simulate.add_argument("--districts", type=int, default=0, help="further practice districts, up to 900")
    simulate.add_argument("--check-ins", type=int, default=0, help="about how many check-ins in those, up to 10000000")
    simulate.set_defaults(run=_simulate)

    audit = commands.add_parser("audit", help="the audit chains").add_subparsers(required=True, metavar="ACT")
    audit.add_parser("verify", help="recompute every chain and compare with the sealed heads").set_defaults(run=_verify)

    backup = commands.add_parser("backup", help="write data, wrapped keys and a manifest into a folder")
    backup.add_argument("folder", type=Path)
    backup.set_defaults(run=_backup)
    restore = commands.add_parser("restore", help="restore a backup into an empty, bootstrapped database")
    restore.add_argument("folder", type=Path)
    restore.add_argument("--superuser-url", required=True)
    restore.set_defaults(run=_restore)
    return parser


def _demo(given: argparse.Namespace) -> None:
    from khuen import demo

    demo.run(given.home, port=given.port, fresh=given.fresh)


def _serve(given: argparse.Namespace) -> None:
    import uvicorn

    from khuen import logs, schema

    settings = environment.load()
    logs.configure(settings)
    asyncio.run(schema.check_walls(settings))
    uvicorn.run(
        "khuen.app:from_environment",
        factory=True,
        host=given.host,
        port=given.port,
        uds=given.uds,
        workers=given.processes if given.processes > 1 else None,
        proxy_headers=False,
        server_header=False,
        access_log=False,
        log_config=None,
        timeout_graceful_shutdown=20,
    )


def _work(_: argparse.Namespace) -> None:
    from khuen import logs, schema
    from workers.main import run

    settings = environment.load()
    logs.configure(settings)

    async def check_then_work() -> None:
        await schema.check_walls(settings)
        await run(settings)

    asyncio.run(check_then_work())


def _bootstrap(given: argparse.Namespace) -> None:
    from khuen import bootstrap

    settings = environment.load()
    missing = [role for role in environment.ROLES if role not in settings.passwords]
    if missing:
        raise SettingsError(f"KHUEN_DATABASE_{missing[0].upper()}_PASSWORD (or _FILE) is not set")
    asyncio.run(bootstrap.prepare(given.superuser_url, settings.passwords, citus=given.citus))
    print("The database is ready. Next: khuen migrate")


def _migrate(_: argparse.Namespace) -> None:
    from khuen import schema
    from khuen.practice import retired

    owner = environment.load().dsn("owner")
    ran = asyncio.run(schema.migrate(owner))
    if gone := asyncio.run(retired.throw_away(owner)):
        print(f"threw away the rows of {gone} practice districts that have begun again")
    print("\n".join(f"ran {name}" for name in ran) or "no migration to run")


def _tenant_add(given: argparse.Namespace) -> int:
    from khuen import district, provision

    files, wrong = [], False
    for path in given.file:
        try:
            files.append(district.read(path))
        except district.BadToml as error:
            print(error, file=sys.stderr)
            wrong = True
    if wrong:
        return 1
    if given.check:
        return 0
    settings = environment.load()
    for line in asyncio.run(provision.add_tenants(settings, files)):
        print(line)
    return 0


def _tenant_invite(given: argparse.Namespace) -> None:
    from khuen import provision

    print(asyncio.run(provision.invite_administrator(environment.load(), given.slug, given.called_name)))


def _person_erase(given: argparse.Namespace) -> int:
    from khuen import provision

    said = asyncio.run(provision.erase_person(environment.load(), given.slug, given.code, really=given.yes))
    print(said)
    return 0 if given.yes else 1


def _simulate(given: argparse.Namespace) -> None:
    from khuen import clock
    from khuen.demo import show_progress
    from khuen.practice import simulate

    settings = environment.load()
    today = given.today or clock.day(clock.now())
    numbers = {"districts": given.districts, "check_ins": given.check_ins}
    print(asyncio.run(simulate(settings, seed=given.seed, today=today, **numbers, progress=show_progress)))


def _verify(_: argparse.Namespace) -> int:
    from khuen import audit_proof

    reports = asyncio.run(audit_proof.verify_all(environment.load()))
    for report in reports:
        print(report)
    return 0 if all(report.whole for report in reports) else 1


def _backup(given: argparse.Namespace) -> None:
    from khuen import backup

    try:
        print(asyncio.run(backup.backup(environment.load(), given.folder)))
    except backup.BackupFailed as failed:
        raise SystemExit(str(failed)) from None
    for keys in backup.prune_keys(given.folder):
        print(f"Threw away {keys}: older than {backup.KEPT_DAYS} days.")


def _restore(given: argparse.Namespace) -> int:
    from khuen import backup

    try:
        done = asyncio.run(backup.restore(environment.load(), given.folder, given.superuser_url))
    except backup.BackupFailed as failed:
        raise SystemExit(str(failed)) from None
    print(done)
    return 0 if done.whole else 1
