"""What each practice district has to show: how many people at which stage, since when, and how their visits stand."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from khuen.cases.rules import Stage


class Ending(StrEnum):
    """How the visits of a case stand on the day of the world."""

    CALM = "calm"  #: visited lately, the next visit lies ahead
    DUE = "due"  #: the next visit is due on the day itself
    OVERDUE = "overdue"  #: the window closed so many days ago
    URGENT = "urgent"  #: called for help, and nobody has acknowledged it yet
    WORRYING = "worrying"
    MISSED = "missed"  #: not found, as often in a row as brings the case to the coordinator
    FRESH = "fresh"  #: has a buddy, was not visited yet
    UNPAIRED = "unpaired"  #: has no buddy yet


@dataclass(frozen=True, slots=True)
class Kind:
    """Some cases alike. `project` is its place in the tenant file; `opened` is from and to how many days ago."""

    count: int
    stage: Stage
    opened: tuple[int, int]
    ending: Ending = Ending.CALM
    project: int = 0
    late: tuple[int, ...] = ()  #: days overdue, one after another
    shared: bool = False  #: all of them are visited by one buddy, who has a reason for each further one
    again: bool = False  #: people whose case was closed and who came back


@dataclass(frozen=True, slots=True)
class Plan:
    """`detailed` worlds have notes, acknowledgements, messages and an audit row for each act; the many have visits."""

    kinds: tuple[Kind, ...]
    spare_buddies: int
    villages: int  #: of a tambon
    detailed: bool = True
    weekly: bool = False  #: people are enrolled on Mondays, all of a week together
    told_days: int = 21
    drafts: int = 0  #: enrolments that the coordinator has begun


LIVING = Plan(
    kinds=(
        Kind(1, Stage.IN_TREATMENT, (40, 60), Ending.DUE),
        Kind(3, Stage.IN_TREATMENT, (40, 100), Ending.DUE),
        Kind(2, Stage.IN_TREATMENT, (40, 80), Ending.DUE, project=1),
        Kind(5, Stage.ENROLLED, (1, 3), Ending.UNPAIRED),
        Kind(3, Stage.ENROLLED, (1, 2), Ending.FRESH),
        Kind(4, Stage.ENROLLED, (8, 25)),
        Kind(2, Stage.ENROLLED, (8, 20), project=1),
        Kind(5, Stage.IN_TREATMENT, (45, 105), Ending.OVERDUE, late=(1, 2, 4, 7, 12)),
        Kind(3, Stage.IN_TREATMENT, (45, 80), Ending.OVERDUE, project=1, late=(3, 5, 9)),
        Kind(2, Stage.IN_TREATMENT, (30, 90), Ending.URGENT),
        Kind(2, Stage.IN_TREATMENT, (30, 90), Ending.WORRYING),
        Kind(1, Stage.IN_TREATMENT, (30, 70), Ending.WORRYING, project=1),
        Kind(1, Stage.IN_TREATMENT, (30, 90), Ending.MISSED),
        Kind(4, Stage.IN_TREATMENT, (30, 100), shared=True),
        Kind(3, Stage.IN_TREATMENT, (30, 80), project=1),
        Kind(1, Stage.IN_TREATMENT, (10, 16), again=True),
        Kind(8, Stage.AWAITING_DOCTOR, (122, 160)),
        Kind(2, Stage.AWAITING_DOCTOR, (92, 115), project=1),
        Kind(6, Stage.CERTIFIED, (150, 230)),
        Kind(2, Stage.CERTIFIED, (120, 150), project=1),
        Kind(6, Stage.CLOSED, (90, 220)),
    ),
    spare_buddies=14,
    villages=8,
    drafts=3,
)

NEIGHBOUR = Plan(
    kinds=(
        Kind(2, Stage.IN_TREATMENT, (40, 90), Ending.DUE),
        Kind(1, Stage.ENROLLED, (1, 3), Ending.UNPAIRED),
        Kind(1, Stage.ENROLLED, (1, 2), Ending.FRESH),
        Kind(2, Stage.IN_TREATMENT, (40, 90), Ending.OVERDUE, late=(2, 6)),
        Kind(1, Stage.IN_TREATMENT, (30, 90), Ending.WORRYING),
        Kind(6, Stage.IN_TREATMENT, (30, 100)),
        Kind(3, Stage.AWAITING_DOCTOR, (122, 160)),
        Kind(2, Stage.CERTIFIED, (150, 220)),
        Kind(1, Stage.CLOSED, (90, 180)),
    ),
    spare_buddies=4,
    villages=6,
)

#: B09: 240 enrolled, 96 certified, 144 awaiting the doctor. How they split between the two projects is invented.
MODEL_COMMUNITY = Plan(
    kinds=(
        Kind(6, Stage.AWAITING_DOCTOR, (259, 287), Ending.DUE),
        Kind(4, Stage.AWAITING_DOCTOR, (259, 287), Ending.OVERDUE, late=(1, 2, 4, 6)),
        Kind(2, Stage.AWAITING_DOCTOR, (259, 287), Ending.WORRYING),
        Kind(1, Stage.AWAITING_DOCTOR, (259, 287), Ending.URGENT),
        Kind(99, Stage.AWAITING_DOCTOR, (259, 287)),
        Kind(76, Stage.CERTIFIED, (259, 287)),
        Kind(32, Stage.AWAITING_DOCTOR, (98, 112), project=1),
        Kind(20, Stage.CERTIFIED, (98, 112), project=1),
    ),
    spare_buddies=12,
    villages=17,
    weekly=True,
)


def many(cases: int, visits_each: float, calm_days: int) -> Plan:
    """One of many districts for measuring: about `visits_each` check-ins for each of its cases."""
    days = max(30, round(visits_each * calm_days * 0.93))  # a troubled case is visited more often
    waves = [round(days * share) for share in (1.15, 1.0, 0.85)]
    shares = {
        (Stage.ENROLLED, Ending.CALM): 0.06,
        (Stage.ENROLLED, Ending.UNPAIRED): 0.02,
        (Stage.IN_TREATMENT, Ending.DUE): 0.08,
        (Stage.IN_TREATMENT, Ending.OVERDUE): 0.08,
        (Stage.IN_TREATMENT, Ending.URGENT): 0.01,
        (Stage.IN_TREATMENT, Ending.WORRYING): 0.03,
        (Stage.IN_TREATMENT, Ending.MISSED): 0.01,
        (Stage.AWAITING_DOCTOR, Ending.CALM): 0.13,
        (Stage.CERTIFIED, Ending.CALM): 0.20,
        (Stage.CLOSED, Ending.CALM): 0.03,
    }
    counts = {kind: round(cases * share) for kind, share in shares.items()}
    rest = cases - sum(counts.values())
    counts[Stage.IN_TREATMENT, Ending.CALM] = max(1, rest)
    kinds = [
        Kind(part, stage, (wave, wave), ending, late=tuple(range(1, 13)))
        for (stage, ending), count in counts.items()
        for part, wave in _parts(count, waves)
    ]
    return Plan(tuple(kinds), spare_buddies=max(2, cases // 20), villages=12, detailed=False)


def _parts(count: int, waves: list[int]) -> list[tuple[int, int]]:
    """(how many, wave), as even as can be; no part is empty."""
    sizes = [count // len(waves) + (place < count % len(waves)) for place in range(len(waves))]
    return [(size, wave) for size, wave in zip(sizes, waves, strict=True) if size]
