from __future__ import annotations

from piccolo.columns import UUID as UUIDColumn
from piccolo.columns import Bytea, Integer, Text, Timestamptz

from khuen.tenancy import TenantTable


class Draft(TenantTable, tablename="enrolment_draft"):
    """What somebody has typed so far about one person; emptied when it has become a case (then `case_id` is set)."""

    id = UUIDColumn(primary_key=True, default=None)
    member_id = UUIDColumn()
    step = Text()
    content_sealed = Bytea(default=None)
    made_at = Timestamptz(default=None)
    changed_at = Timestamptz(default=None)
    case_id = UUIDColumn(null=True, default=None)


class ImportBatch(TenantTable, tablename="import_batch"):
    """One uploaded file. `mapping` is JSON {"fields", "defaults"}; `source_sealed` a `batches.Source`."""

    id = UUIDColumn(primary_key=True, default=None)
    member_id = UUIDColumn()
    file_hash = Bytea(default=None)
    state = Text()
    project_id = UUIDColumn(null=True, default=None)
    source_sealed = Bytea(null=True, default=None)
    mapping = Text(default="{}")
    total = Integer()
    good = Integer(default=0)
    bad = Integer(default=0)
    done = Integer(default=0)
    made_at = Timestamptz(default=None)
    committed_at = Timestamptz(null=True, default=None)
    undone_at = Timestamptz(null=True, default=None)
    purged_at = Timestamptz(null=True, default=None)


class ImportRow(TenantTable, tablename="import_row"):
    """One row of the file as it was, sealed, with what was mended by hand; `number` is its row in the file less one."""

    id = UUIDColumn(primary_key=True, default=None)
    batch_id = UUIDColumn()
    number = Integer()
    content_sealed = Bytea(default=None)
    state = Text()
    problems = Text(default="[]")
    case_id = UUIDColumn(null=True, default=None)


class ImportMapping(TenantTable, tablename="import_mapping"):
    """How files with the same headers were read the last time."""

    id = UUIDColumn(primary_key=True, default=None)
    signature = Bytea(default=None)
    mapping = Text()
    used_at = Timestamptz(default=None)
