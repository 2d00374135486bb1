"""Evidence that repeats itself week by week, put in through the services that the pages use, as whoever does it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from khuen.followups import service as followups
from khuen.followups.rules import How
from khuen.followups.service import Sent
from khuen.ids import uuid7
from khuen.screening import service as screening
from khuen.screening.rules import Colour, Tool
from khuen.tenancy import within
from khuen.treatment import service as treatment
from khuen.treatment import sessions, urine
from khuen.treatment.rules import Mark, Result, Said, Sample
from khuen.treatment.service import Marked
from khuen.treatment.urine import NewTest
from tests.journeys.conftest import Place
from tests.screening import filling


async def screened(place: Place, code: str) -> None:
    """The four forms of a first screening by the nurse, and green by the doctor."""
    async with within(here := place.here("หญิง")):
        for tool, points in ((Tool.V2, 9), (Tool.OAS, 0), (Tool.TWO_Q, 0), (Tool.SMI_V, 0)):
            await screening.record(here, code, filling.filled(tool, points, place.today))
    async with within(here := place.here("วิภา")):
        await screening.decide(here, code, uuid7(), Colour.GREEN, "")


async def session(place: Place, on: date, came: Collection[str]) -> None:
    """The session of this day: who came, the doctor was there, closed; whoever is not named was absent."""
    async with within(here := place.here("หญิง", on)):
        (held,) = await sessions.calendar(here, on, on)
        await treatment.record_attendance(here, held.id, [Marked(uuid7(), code, Said(Mark.PRESENT)) for code in came])
        await treatment.doctor_came(here, held.id, place.people["วิภา"], key=uuid7())
        await treatment.close_session(here, held.id, key=uuid7(), rest_absent=True)


async def visit(place: Place, buddy: str, code: str, on: date) -> None:
    async with within(here := place.here(buddy, on)):
        await followups.log_check_in(here, Sent(code, uuid7(), How.WELL))


async def strip(place: Place, code: str, on: date) -> None:
    nurse = place.people["หญิง"]
    new = NewTest(uuid7(), Sample.STRIP, on, True, "A1", Result.NEGATIVE, "", nurse, nurse)
    async with within(here := place.here("หญิง", on)):
        await urine.record_test(here, code, new)
