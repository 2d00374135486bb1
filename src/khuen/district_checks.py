"""Values that are fine each by itself and wrong together, or wrong in the world: places, orders, reserved names.

The tables have been checked for types; a section that is absent is not looked at.
"""

from collections.abc import Iterator
from typing import Any

from khuen import outgoing, places
from khuen.rule_pack import CONSENTS, rounds_in_order
from khuen.toml_lines import Key

RESERVED_SLUGS = frozenset(
    {
        *("v", "tip", "ask", "me", "ops", "programme", "practice", "components", "demo"),
        *("sign-in", "sign-out", "switch", "invite", "account", "auth", "admin", "api", "hooks", "static", "assets"),
        *("health", "healthz", "readyz", "metrics", "favicon.ico", "robots.txt", ".well-known"),
    }
)
"""First parts of addresses that belong to the site; no district may be called so."""

Finding = tuple[Key, str]


def tenant_contradictions(table: dict[str, Any]) -> Iterator[Finding]:
    """Of a tenant's own values and of the settings; each with the key to mend and the words for it."""
    misplaced = list(_tenant(table["tenant"]))
    yield from misplaced or _projects(table["project"], table["tenant"])
    yield from settings_contradictions(table)


def settings_contradictions(table: dict[str, Any]) -> Iterator[Finding]:
    """Of the settings alone."""
    quiet, reminder = table["quiet_hours"], table["reminders"]["at"]
    spans_midnight = quiet["end"] < quiet["start"]
    if quiet["start"] == quiet["end"]:
        yield ("quiet_hours", "end"), "is the same as start: nothing but urgent messages would ever go out"
    elif (
        (reminder >= quiet["start"] or reminder < quiet["end"])
        if spans_midnight
        else quiet["start"] <= reminder < quiet["end"]
    ):
        yield ("reminders", "at"), f"{reminder} lies in the quiet hours ({quiet['start']} to {quiet['end']})"
    if table["enrolment"]["youngest"] >= table["enrolment"]["oldest"]:
        yield ("enrolment", "youngest"), f"has to be less than oldest ({table['enrolment']['oldest']})"
    for name in ("overdue_to", "urgent_to"):
        if not table["escalation"][name]:
            yield ("escalation", name), "names nobody: somebody has to hear of it"
    days = {str(day) for day in table["holidays"]["dates"]}
    for day in table["holidays"].get("names", {}):
        if day not in days:
            yield ("holidays", "names", day), "names a day that is not among the dates"
    for kind, own in table.get("messages", {}).items():
        if kind not in outgoing.FILLED:
            yield ("messages", kind), f"there is no such message; those are: {', '.join(outgoing.FILLED)}"
            continue
        for part, limit in (("said", outgoing.SAID), ("subject", outgoing.SUBJECT)):
            if problem := outgoing.problem(own[part], kind, limit, needs=part == "said"):
                yield ("messages", kind, part), problem
    if not table["hotlines"]:
        yield ("hotlines",), "names no number: a buddy in need has to find one"


def pack_contradictions(table: dict[str, Any]) -> Iterator[Finding]:
    """Of a rule pack's values."""
    yield from _visits(table["visits"])
    yield from _rounds(table["follow_up"]["rounds"])
    yield from _stages(table["pathway"]["stages"])
    yield from _texts(table["consent"])


def unpaired_texts(own: dict[str, Any], below: dict[str, Any]) -> Iterator[Finding]:
    """One file against what it extends: a consent text and its version are written together, and change together."""
    for kind in CONSENTS:
        text, version = f"{kind}_text", own.get(kind)
        if (text in own) != (kind in own):
            yield (
                ("consent", kind if kind in own else text),
                f"a text and its version go together: write {kind} and {text} in the same file",
            )
        elif text in own and version == below.get(kind) and own[text] != below.get(text):
            yield (
                ("consent", kind),
                f'other words than version "{version}" has below: give them a version of their own',
            )


def _tenant(tenant: dict[str, Any]) -> Iterator[Finding]:
    province, district = tenant["province_code"], tenant.get("district_code")
    if tenant["slug"] in RESERVED_SLUGS:
        yield ("tenant", "slug"), f'"{tenant["slug"]}" belongs to the site itself: choose another'
    codes = {known.code for known in places.districts(province)}
    if not codes:
        yield ("tenant", "province_code"), f'there is no province "{province}"'
    elif district and district not in codes:
        yield ("tenant", "district_code"), f'there is no district "{district}" in province "{province}"'
    elif tenant["area_path"].split("/")[2:] != [code for code in (province, district) if code]:
        yield (
            ("tenant", "area_path"),
            f"has to end with the codes above: {'/'.join(filter(None, (province, district)))}",
        )
    if "as_of" in tenant and not tenant.get("practice"):
        yield ("tenant", "as_of"), "only a practice district (practice = true) may live on another day"


def _projects(projects: list[dict[str, Any]], tenant: dict[str, Any]) -> Iterator[Finding]:
    if not projects:
        yield ("project",), "a tenant needs at least one [[project]]"
    area = tenant.get("district_code") or tenant["province_code"]
    for place, project in enumerate(projects):
        if project["name"] in [earlier["name"] for earlier in projects[:place]]:
            yield ("project", place, "name"), "another project has this name"
        if "ends_on" in project and project["ends_on"] < project["starts_on"]:
            yield ("project", place, "ends_on"), f"lies before starts_on ({project['starts_on']})"
        if project["level"] == "village" and "moo" not in project:
            yield ("project", place, "level"), "a village project needs moo, the number of the village"
        code = project.get("subdistrict_code")
        if code is None and project["level"] != "district":
            yield ("project", place, "level"), f"a {project['level']} project needs subdistrict_code"
        elif code and not code.startswith(area):
            yield ("project", place, "subdistrict_code"), f'"{code}" does not lie in "{area}"'
        elif code and places.place(code) is None:
            yield ("project", place, "subdistrict_code"), f'there is no tambon "{code}"'


def _visits(visits: dict[str, Any]) -> Iterator[Finding]:
    calm = visits["every_days"]
    for name in ("soon_days", "retry_days", "window_days"):
        if visits[name] > calm:
            yield ("visits", name), f"{visits[name]} is longer than every_days ({calm})"


def _rounds(rounds: list[str]) -> Iterator[Finding]:
    if not rounds_in_order(rounds):
        yield ("follow_up", "rounds"), "each round has to be later than the one before it"


def _stages(stages: list[str]) -> Iterator[Finding]:
    if stages[:1] != ["enrolled"] or stages[-1:] != ["closed"] or len(set(stages)) != len(stages):
        yield ("pathway", "stages"), 'begin with "enrolled", end with "closed" and name each stage once'


def _texts(consent: dict[str, Any]) -> Iterator[Finding]:
    for kind in CONSENTS:
        parts = consent.get(f"{kind}_text", [])
        if not parts:
            yield ("consent", f"{kind}_text"), "is missing: nobody can agree to a text that is not there"
        for place, part in enumerate(parts):
            if not part["lines"]:
                yield ("consent", f"{kind}_text", place, "lines"), "says nothing below its heading"
