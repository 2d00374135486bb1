"""The stand-in: the least that can show the same 50 rows on the same stack (Litestar, asyncpg, Jinja, forced RLS).

It has a session look-up, one statement and one template, and none of Khuen's features: no roles, counts, filters,
words, audit, flash, headers. What Khuen's board costs beside it is what its features cost.
"""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import uvicorn
from jinja2 import Environment
from litestar import Litestar, MediaType, Request, Response, get
from litestar.config.compression import CompressionConfig
from litestar.params import FromPath

from khuen import settings
from khuen.database import open_pool

_SESSION = """SELECT m.tenant_id FROM auth.session s JOIN auth.membership m USING (account_id)
    JOIN auth.tenant t ON t.id = m.tenant_id WHERE s.token_hash = $1 AND s.expires_at > $2 AND t.slug = $3"""
_ROWS = """WITH first AS MATERIALIZED (
        SELECT case_id, closes_on, last_how, seen_at, due_on, id FROM visit_due
        WHERE tenant_id = $1 AND state = 'open' ORDER BY due_on, id LIMIT 50)
    SELECT c.code, p.called_name, left(p.family_name, 1) AS initial, c.colour, p.moo, p.subdistrict_code,
        m.called_name AS buddy, v.closes_on, v.last_how, v.seen_at
    FROM first v CROSS JOIN LATERAL (SELECT * FROM case_file f WHERE f.tenant_id = $1 AND f.id = v.case_id OFFSET 0) c
    CROSS JOIN LATERAL (SELECT * FROM person i WHERE i.tenant_id = $1 AND i.id = c.person_id OFFSET 0) p
    CROSS JOIN LATERAL (
        SELECT * FROM assignment s WHERE s.tenant_id = $1 AND s.case_id = c.id AND s.ended_at IS NULL OFFSET 0) a
    CROSS JOIN LATERAL (SELECT * FROM member b WHERE b.tenant_id = $1 AND b.id = a.member_id OFFSET 0) m
    ORDER BY v.due_on, v.id"""
_PAGE = Environment(autoescape=True).from_string("""<!doctype html>
<html lang="th"><head><meta charset="utf-8"><title>กระดาน</title></head><body><main><table>
<thead><tr><th>คน</th><th>ที่อยู่</th><th>บัดดี้</th><th>เยี่ยม</th><th>คำตอบล่าสุด</th><th></th></tr></thead><tbody>
{% for code, name, initial, colour, moo, tambon, buddy, closes, how, seen in rows %}
<tr id="{{ code }}"><td><label><input type="checkbox" name="code" value="{{ code }}"></label></td>
<td><a href="/{{ slug }}/cases/{{ code }}">{{ name }} {{ initial }}</a> <span class="meta">{{ code }}</span>
<span class="tag {{ colour }}">{{ colour }}</span></td><td>ม.{{ moo }} {{ tambon }}</td><td>{{ buddy }}</td>
<td>ภายใน {{ closes }}</td><td>{{ how }} <span class="meta">{{ seen }}</span></td>
<td><a class="button" href="/{{ slug }}/cases/{{ code }}">เปิด</a></td></tr>
{% endfor %}</tbody></table></main></body></html>""")


@get("/{slug:str}/board", media_type=MediaType.HTML)
async def board(request: Request[Any, Any, Any], slug: FromPath[str]) -> Response[str]:
    token = request.cookies["khuen"].encode()
    state = request.app.state
    async with state.auth.acquire() as connection:
        tenant: UUID = await connection.fetchval(_SESSION, hashlib.sha256(token).digest(), datetime.now(UTC), slug)
    async with state.rows.acquire() as connection:
        await connection.execute(f"BEGIN; SET LOCAL app.tenant_id = '{tenant}'")
        rows = await connection.fetch(_ROWS, tenant)
        await connection.execute("COMMIT")
    shown = [(*row[:7], row[7].isoformat(), row[8], row[9].isoformat()) for row in map(tuple, rows)]
    return Response(_PAGE.render(slug=slug, rows=shown), media_type=MediaType.HTML)


@get("/healthz")
async def healthz() -> str:
    return "ok"


@asynccontextmanager
async def _pools(app: Litestar) -> AsyncIterator[None]:
    given = settings.load()
    app.state.rows, app.state.auth = await open_pool(given.dsn("app")), await open_pool(given.dsn("auth"), size=4)
    yield
    await app.state.rows.close()
    await app.state.auth.close()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--uds", required=True)
    app = Litestar(
        [board, healthz],
        lifespan=[_pools],
        openapi_config=None,
        logging_config=None,
        compression_config=CompressionConfig(backend="brotli", brotli_gzip_fallback=True, brotli_quality=4),
    )
    uvicorn.run(app, uds=parser.parse_args().uds, access_log=False, log_level="warning")


if __name__ == "__main__":
    main()
