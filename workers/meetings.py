"""The morning's message to whoever promised something at a meeting that falls due today."""

from __future__ import annotations

from datetime import datetime

from khuen.meetings import tasks
from workers.followups import in_those_whose_time_it_is


async def compose_reminders(due_at: datetime) -> int:
    """At each district's own time. Returns the number of districts that failed."""
    return await in_those_whose_time_it_is("remind_of_tasks", due_at, tasks.compose_reminders)
