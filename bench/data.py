"""Rows to measure over: districts with cases, buddies, months of check-ins and signed-in people, written by SQL.

A superuser writes them, because only the volume matters here: 8 million check-ins take minutes, not hours. The sealed
columns stay empty, names are plainly made up, and a person is signed in by a row whose token is known.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from typing import Any

from khuen import district
from khuen.cases import standing
from khuen.paths import folder
from khuen.rule_pack import pack_content, pack_hash


@dataclass(frozen=True)
class Size:
    """How much of everything. `largest` is the number of cases of the biggest district, the rest share what is left."""

    tenants: int
    cases: int  #: in all
    check_ins: int  #: in all
    largest: int  #: equal to cases / tenants: every district alike
    phones: int = 0  #: sessions of buddies, and as many of coordinators
    practice: bool = False  #: then messages go to the log, else they wait for a channel to be set up


@dataclass(frozen=True)
class Phone:
    """One signed-in member and, for a buddy, the case they visit."""

    token: str
    slug: str
    tenant_id: str
    member_id: str
    code: str


async def load(connection: Any, size: Size, today: date) -> None:
    """Fill an empty, migrated database. `connection` is a superuser's."""
    pack = pack_content(district.read_pack(folder("tenants") / "standard.toml"))
    settings = district.settings_content(district.read(folder("tenants") / "demo" / "phon.toml").settings)
    # Foreign keys hold by construction; checking them row by row would take longer than all the rest.
    await connection.execute("SET session_replication_role = replica; SET synchronous_commit = off; SET jit = off")
    await connection.execute("SET work_mem = '128MB'; SET maintenance_work_mem = '256MB'")
    values = {
        "tenants": size.tenants,
        "first": size.largest,
        "rest": (size.cases - size.largest) // max(1, size.tenants - 1),
        "visits": max(1, round(size.check_ins / size.cases)),
        "today": f"date '{today}'",
        "now": f"timestamptz '{today} 09:00+07'",
        "pack": _text(json.dumps(pack, ensure_ascii=False)),
        "pack_hash": _text(pack_hash(pack)),
        "settings": _text(json.dumps(settings, ensure_ascii=False)),
        "phones": size.phones,
        "practice": size.practice,
        "waits": standing.WAITS,
        "test_on": standing.TEST_ON,
    }
    for step in _STEPS:
        await connection.execute(step.format(**values))
    await connection.execute("SET session_replication_role = origin")
    await connection.execute("VACUUM ANALYZE")


async def phones(connection: Any, role: str) -> list[Phone]:
    """Who is signed in with this role ("buddy" or "coordinator"), in the order of their tokens."""
    rows = await connection.fetch(
        "SELECT s.agent AS token, t.slug, t.id::text AS tenant_id, m.member_id::text, coalesce(c.code, '') AS code"
        " FROM auth.session s JOIN auth.membership m USING (account_id) JOIN auth.tenant t ON t.id = m.tenant_id"
        " LEFT JOIN assignment a ON a.tenant_id = t.id AND a.member_id = m.member_id AND a.ended_at IS NULL"
        " LEFT JOIN case_file c ON c.tenant_id = t.id AND c.id = a.case_id"
        " WHERE s.agent ^@ $1 ORDER BY s.id",
        f"bench-{role}-",
    )
    return [Phone(**row) for row in rows]


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


_STEPS = (
    """CREATE TABLE district_of_bench AS SELECT t, md5('tenant ' || t)::uuid AS id,
        CASE WHEN t = 1 THEN {first} ELSE {rest} END AS cases FROM generate_series(1, {tenants}) t""",
    """INSERT INTO auth.tenant (id, slug, name, short_name, area_path, practice, created_at)
        SELECT id, 'd' || t, 'อำเภอตัวอย่าง ' || t, 'ตัวอย่าง ' || t, 'th/northeast/36',
            {practice}, {now} FROM district_of_bench""",
    """INSERT INTO audit_head (tenant_id, id, seq, hash) SELECT id, id, 0,
        sha256(convert_to('khuen audit chain', 'UTF8') || decode('00', 'hex') || uuid_send(id))
        FROM district_of_bench""",
    """INSERT INTO pack (tenant_id, id, name, version, content, content_hash, published_at)
        SELECT id, md5('pack ' || t)::uuid, 'standard', 1, {pack}, {pack_hash}, {now} FROM district_of_bench""",
    """INSERT INTO district_settings (tenant_id, id, content, set_at)
        SELECT id, md5('settings ' || t)::uuid, {settings}, {now} FROM district_of_bench""",
    """INSERT INTO project (tenant_id, id, name, level, starts_on, pack_id)
        SELECT id, md5('project ' || t)::uuid, 'โครงการตัวอย่าง', 'tambon', {today} - 300, md5('pack ' || t)::uuid
        FROM district_of_bench""",
    # Member 0 is the coordinator, member n visits case n.
    """INSERT INTO member (tenant_id, id, called_name, sort_key, subdistrict_code, moo, gender, joined_at)
        SELECT id, md5('member ' || t || ' ' || n)::uuid, 'บัดดี้ ' || n, 'บัดดี้ ' || n, '360607',
            (1 + n % 12)::text, 'female', {now} - interval '300 days'
        FROM district_of_bench, generate_series(0, cases) n""",
    """INSERT INTO member_role (tenant_id, id, member_id, role, since_at)
        SELECT tenant_id, md5('role ' || m.id)::uuid, m.id,
            CASE WHEN m.id = md5('member ' || t || ' 0')::uuid THEN 'coordinator' ELSE 'buddy' END, joined_at
        FROM member m JOIN district_of_bench d ON d.id = tenant_id""",
    """INSERT INTO person (tenant_id, id, prefix, given_name, family_name, called_name, sort_key, search_name,
            search_family, sex, born_year, subdistrict_code, moo, created_at)
        SELECT id, md5('person ' || t || ' ' || n)::uuid, 'นาย', given, family, given, given || family, given, family,
            'male', 1970 + n % 35, (ARRAY['360607', '360604', '360601', '360602'])[1 + n % 4], (1 + n % 12)::text, {now}
        FROM (SELECT *,
            (ARRAY['ทดลอง', 'สมมุติ', 'ตัวอย่าง', 'จำลอง', 'สาธิต', 'ทดสอบ', 'ฝึกหัด', 'เสมือน'])[1 + n % 8]
                || (ARRAY['', 'ชัย', 'ศักดิ์', 'พงษ์', 'เดช', 'พล', 'พร'])[1 + n % 7] AS given,
            (ARRAY['ตัวอย่าง', 'ใจดี', 'ฝึกหัด', 'สมมุติ', 'ลองงาน', 'แต่งขึ้น', 'ในนิทาน', 'ต้นแบบ', 'ลองดู',
                'หัดเดิน', 'ฝึกงาน'])[1 + n % 11] AS family
            FROM district_of_bench, generate_series(1, cases) n) x""",
    # One of seven is to be tested today or since yesterday, one of twenty waits for the doctor, a third of these ready.
    """INSERT INTO case_file (tenant_id, id, code, person_id, project_id, pack_id, legal_basis, proposed_by, agreed_on,
            opened_on, stage, colour, made_at, buddy_id, test_on, ready)
        SELECT id, md5('case ' || t || ' ' || n)::uuid, 'KH-' || lpad(n::text, 5, '0'),
            md5('person ' || t || ' ' || n)::uuid, md5('project ' || t)::uuid, md5('pack ' || t)::uuid, 's113', 'self',
            {today} - 240, {today} - 240, CASE WHEN n % 20 = 0 THEN 'awaiting_doctor' ELSE 'in_treatment' END,
            (ARRAY['green', 'yellow', 'orange', 'red'])[1 + n % 4], {now},
            CASE WHEN n % 100 <> 0 THEN md5('member ' || t || ' ' || n)::uuid END,
            {today} + n % 14 - 1, n % 60 = 0
        FROM district_of_bench, generate_series(1, cases) n""",
    # One of a hundred has no buddy yet.
    """INSERT INTO assignment (tenant_id, id, case_id, member_id, started_at)
        SELECT id, md5('assignment ' || t || ' ' || n)::uuid, md5('case ' || t || ' ' || n)::uuid,
            md5('member ' || t || ' ' || n)::uuid, {now} - interval '240 days'
        FROM district_of_bench, generate_series(1, cases) n WHERE n % 100 <> 0""",
    """INSERT INTO check_in (tenant_id, id, case_id, member_id, how, happened_at, planned_at, received_at)
        SELECT id, uuidv7(at - now()), md5('case ' || t || ' ' || n)::uuid, md5('member ' || t || ' ' || n)::uuid,
            (ARRAY['well', 'well', 'well', 'well', 'well', 'worrying', 'not_found'])[1 + (n + v) % 7], at, at, at
        FROM (SELECT id, t, n, v, {now} - v * interval '7 days' - n % 600 * interval '1 minute' AS at
            FROM district_of_bench, generate_series(1, cases) n, generate_series({visits}, 1, -1) v
            ORDER BY v DESC, t, n) x""",
    # One of twelve is overdue, one of six to be visited today, the others within the next six days; one of sixty calls
    # for attention.
    """INSERT INTO visit_due (tenant_id, id, case_id, state, opens_on, due_on, closes_on, seen_at, seen_id, last_how,
            priority, attention_rank, attention_id, opened_on, waits, test_on)
        SELECT x.id, md5('due ' || t || ' ' || n)::uuid, c.id, 'open',
            {today} + ahead - 2, {today} + ahead, {today} + ahead + 2, {now} - interval '7 days',
            md5('seen ' || t || ' ' || n)::uuid, 'well', 2, CASE WHEN n % 60 = 1 THEN 1 ELSE 0 END,
            CASE WHEN n % 60 = 1 THEN md5('seen ' || t || ' ' || n)::uuid END, c.opened_on, {waits}, {test_on}
        FROM (SELECT *,
            CASE WHEN n % 12 = 0 THEN -3 - n % 9 WHEN n % 6 = 1 THEN -(n % 18 / 6) ELSE 1 + n % 6 END AS ahead
            FROM district_of_bench, generate_series(1, cases) n) x
        JOIN case_file c ON c.tenant_id = x.id AND c.id = md5('case ' || t || ' ' || n)::uuid""",
    """CREATE TABLE signed_in_of_bench AS SELECT p, role, md5('account ' || role || p)::uuid AS account_id, d.t, d.id,
            CASE role WHEN 'coordinator' THEN 0 ELSE 1 + (p - 1) / {tenants} % d.cases END AS member
        FROM generate_series(1, {phones}) p, (VALUES ('buddy'), ('coordinator')) r (role), district_of_bench d
        WHERE d.t = 1 + (p - 1) % {tenants}""",
    # Several sessions of one member: a district alone is visited by as many phones as the whole country.
    """CREATE TABLE account_of_bench AS
        SELECT DISTINCT ON (t, member) t, id, member, role, account_id FROM signed_in_of_bench ORDER BY t, member, p""",
    """INSERT INTO auth.account (id, called_name, created_at)
        SELECT account_id, 'สมมุติ', {now} FROM account_of_bench""",
    """INSERT INTO auth.membership (account_id, tenant_id, member_id, called_name)
        SELECT account_id, id, md5('member ' || t || ' ' || member)::uuid, 'สมมุติ' FROM account_of_bench""",
    """INSERT INTO auth.membership_role (id, account_id, tenant_id, role, granted_at)
        SELECT md5('grant ' || account_id)::uuid, account_id, id, role, {now} FROM account_of_bench""",
    """INSERT INTO auth.session (id, token_hash, account_id, method, agent, created_at, seen_at, idle_seconds,
            expires_at)
        SELECT md5('session ' || s.role || p)::uuid, sha256(convert_to('bench-' || s.role || '-' || p, 'UTF8')),
            a.account_id, 'password', 'bench-' || s.role || '-' || p, {now}, {now}, 315360000,
            {now} + interval '10 years'
        FROM signed_in_of_bench s JOIN account_of_bench a USING (t, member)""",
    "DROP TABLE signed_in_of_bench; DROP TABLE account_of_bench; DROP TABLE district_of_bench",
)
