"""tenants/*.toml: every file of the tree is valid, and every mistake is named by its file and line."""

import json
import shutil
from collections.abc import Callable
from datetime import date, time
from pathlib import Path

import pytest

from khuen import district
from khuen.paths import folder

TENANTS = folder("tenants")
PACKS = sorted(TENANTS.glob("*.toml"))
DEMO = sorted((TENANTS / "demo").glob("*.toml"))

Write = Callable[..., Path]

TENANT = """\
extends = "standard"

[tenant]
slug = "nongdee"
name = "อำเภอหนองดี"
short_name = "หนองดี"
province_code = "36"
district_code = "3606"
area_path = "th/northeast/36/3606"

[case_code]
prefix = "NGD"

[visits]
# a comment between the table and its key
soon_days = 2

[[project]]
name = "ละหาน"
level = "tambon"
subdistrict_code = "360607"
starts_on = 2025-10-01
"""


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a tenant's file beside copies of the real packs and gives its path."""
    for pack in PACKS:
        shutil.copy(pack, tmp_path)

    def written(text: str | bytes, name: str = "nongdee.toml") -> Path:
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return written


def mistakes(path: Path) -> list[tuple[str, int, str, str]]:
    with pytest.raises(district.BadToml) as caught:
        district.read(path)
    return [(found.path.name, found.line, found.key, found.text) for found in caught.value.mistakes]


@pytest.mark.parametrize("path", PACKS, ids=lambda path: path.stem)
def test_every_pack_of_the_tree_is_valid(path: Path) -> None:
    assert district.read_pack(path).name == path.stem


@pytest.mark.parametrize("path", DEMO, ids=lambda path: path.stem)
def test_every_tenant_of_the_tree_is_valid_and_practice(path: Path) -> None:
    read = district.read(path)
    assert (read.tenant.slug, read.tenant.practice) == (path.stem, True)
    assert "ฝึก" in read.tenant.name
    assert all(read.pack_of(project).title for project in read.projects)


def test_chatturat_has_its_two_projects_and_lives_after_them() -> None:
    """B05 to B07: a tambon and a village project; 165 and 92 days between their dates."""
    read = district.read(TENANTS / "demo" / "chatturat.toml")
    lahan, kut_nam_sai = read.projects
    assert (lahan.level, lahan.subdistrict_code, lahan.starts_on) == ("tambon", "360607", date(2023, 12, 18))
    assert (kut_nam_sai.level, kut_nam_sai.subdistrict_code, kut_nam_sai.moo) == ("village", "360605", "3")
    assert lahan.ends_on and (lahan.ends_on - lahan.starts_on).days == 165
    assert kut_nam_sai.ends_on and (kut_nam_sai.ends_on - kut_nam_sai.starts_on).days == 92
    assert read.tenant.as_of and read.tenant.as_of > kut_nam_sai.ends_on


def test_the_standard_follow_up_is_seven_rounds_in_twelve_months() -> None:
    pack = district.read_pack(TENANTS / "standard.toml")
    assert pack.follow_up.rounds == ("2w", "1m", "2m", "3m", "6m", "9m", "12m")


def test_a_tenant_states_only_what_differs(write: Write) -> None:
    read = district.read(write(TENANT))
    pack = read.packs["standard"]
    assert (pack.visits.soon_days, pack.visits.every_days) == (2, 7)
    assert (read.settings.quiet_hours.start, read.settings.reminders.at) == (time(20), time(7, 30))
    assert read.settings.wording["buddy"] == "อสม.บัดดี้"


def test_a_project_with_its_own_pack_keeps_the_tenants_values_above_it(write: Write) -> None:
    read = district.read(write(TENANT + 'pack = "village"\n'))
    village = read.pack_of(read.projects[0])
    assert (village.name, village.visits.every_days, village.visits.soon_days) == ("village", 5, 2)
    assert village.pathway.cbtx_sessions == 12 and read.packs["standard"].pathway.cbtx_sessions == 16


def test_files_of_windows_editors_are_read(write: Write) -> None:
    raw = b"\xef\xbb\xbf" + TENANT.replace("\n", "\r\n").encode()
    assert district.read(write(raw)).tenant.slug == "nongdee"
    broken = b"\xef\xbb\xbf" + TENANT.replace("soon_days = 2", "soon_days = 0").replace("\n", "\r\n").encode()
    assert mistakes(write(broken))[0][1] == 16


def test_texts_are_kept_in_one_spelling(write: Write) -> None:
    read = district.read(write(TENANT.replace("อำเภอหนองดี", "อ\u0e4d\u0e32เภอหนองดี\u200b")))
    assert read.tenant.name == "อำเภอหนองดี"


@pytest.mark.parametrize(
    ("old", "new", "line", "key", "words"),
    [
        ("soon_days", "soon_day", 16, "visits.soon_day", 'did you mean "soon_days"?'),
        ("[visits]", "[vists]", 14, "vists", 'did you mean "visits"?'),
        (
            "soon_days = 2", 'soon_days = "2"',
            16, "visits.soon_days", '"2" is not allowed: write a whole number of days',
        ),
        ("soon_days = 2", "soon_days = true", 16, "visits.soon_days", "true is not allowed"),
        ("soon_days = 2", "soon_days = 0", 16, "visits.soon_days", "from 1 to 365"),
        ("soon_days = 2", "soon_days = 2.5", 16, "visits.soon_days", "2.5 is not allowed"),
        ("soon_days = 2", "soon_days = 9", 16, "visits.soon_days", "9 is longer than every_days (7)"),
        ('extends = "standard"', 'extends = "standard"\nreminders = 3', 2, "reminders", "write a table, [reminders]"),
        ('prefix = "NGD"', 'prefix = "ngd"', 12, "case_code.prefix", "2 to 5 capital letters"),
        ('slug = "nongdee"', 'slug = "static"', 4, "tenant.slug", "belongs to the site itself"),
        ('slug = "nongdee"', 'slug = "Nong Dee"', 4, "tenant.slug", "small letters, digits and dashes"),
        ('slug = "nongdee"', "slug = 5", 4, "tenant.slug", "5 is not allowed"),
        ('slug = "nongdee"\n', "", 3, "tenant.slug", "is missing"),
        ('province_code = "36"', 'province_code = "99"', 7, "tenant.province_code", 'no province "99"'),
        ('district_code = "3606"', 'district_code = "3699"', 8, "tenant.district_code", 'no district "3699"'),
        ("northeast/36/3606", "northeast/36/3607", 9, "tenant.area_path", "36/3606"),
        ("[case_code]", "as_of = 2024-09-30\n[case_code]", 11, "tenant.as_of", "only a practice district"),
        ("starts_on = 2025-10-01", "starts_on = 2568-10-01", 22, "project[1].starts_on", "write 2025-10-01"),
        ("starts_on = 2025-10-01", 'starts_on = "2025-10-01"', 22, "project[1].starts_on", "a date without quotes"),
        (
            "starts_on = 2025-10-01", "starts_on = 2025-10-01T07:00:00",
            22, "project[1].starts_on", "a date without quotes",
        ),
        ("starts_on = 2025-10-01\n", "", 18, "project[1].starts_on", "is missing"),
        (
            "starts_on =", "ends_on = 2025-09-30\nstarts_on =",
            22, "project[1].ends_on", "lies before starts_on (2025-10-01)",
        ),
        ('"360607"', '"360699"', 21, "project[1].subdistrict_code", 'no tambon "360699"'),
        ('"360607"', '"361601"', 21, "project[1].subdistrict_code", 'does not lie in "3606"'),
        ('level = "tambon"', 'level = "town"', 20, "project[1].level", 'one of "tambon", "village", "district"'),
        ('level = "tambon"', 'level = "village"', 20, "project[1].level", "needs moo"),
        ('extends = "standard"', 'extends = "standart"', 1, "extends", 'did you mean "standard"?'),
        ('extends = "standard"', "", 1, "extends", "is missing"),
        ("[visits]", '[wording]\nbudy = "เพื่อน"\n[visits]', 15, "wording.budy", 'did you mean "buddy"?'),
        ("[visits]", "[wording]\nbuddy = 7\n[visits]", 15, "wording.buddy", "a text of 1 to 120 characters"),
        ("[visits]", "[reminders]\nat = 21:00:00\n[visits]", 15, "reminders.at", "lies in the quiet hours"),
        ("[visits]", '[reminders]\nat = "07:30"\n[visits]', 15, "reminders.at", "such as 07:30:00"),
        ("[visits]", "[quiet_hours]\nend = 20:00:00\n[visits]", 15, "quiet_hours.end", "is the same as start"),
        ("[visits]", "[escalation]\nurgent_to = []\n[visits]", 15, "escalation.urgent_to", "names nobody"),
        (
            "[visits]", '[follow_up]\nrounds = ["1m", "2w"]\n[visits]',
            15, "follow_up.rounds", "later than the one before",
        ),
        (
            "[visits]", '[escalation]\noverdue_to = [\n"clinic",\n"boss",\n]\n[visits]',
            17, "escalation.overdue_to[2]", '"boss"',
        ),
        (
            "[visits]", "[holidays]\ndates = [\n2026-01-01, # x\n2569-04-06,\n]\n[visits]",
            17, "holidays.dates[2]", "2026-04-06",
        ),
        ("[visits]", '[follow_up]\nrounds = ["2w", "2w"]\n[visits]', 15, "follow_up.rounds", "later than"),
        ("[visits]", "# a\u2028b\x85c\n[visits]\nsoon_day = 1", 16, "visits.soon_day", "unknown key"),
        ("[visits]", '[pathway]\nstages = ["enrolled"]\n[visits]', 15, "pathway.stages", 'end with "closed"'),
        ("[visits]", "[enrolment]\nyoungest = 65\n[visits]", 15, "enrolment.youngest", "less than oldest (65)"),
        (
            "[[project]]", '[[hotlines]]\nnumber = "สายด่วน"\nname = "x"\n[[project]]',
            19, "hotlines[1].number", "a telephone number",
        ),
        ("soon_days = 2", "soon_days = ", 16, "", "is not TOML: Invalid value"),
        ("soon_days = 2", "soon_days = 2\nsoon_days = 3", 17, "", "is not TOML: Cannot overwrite a value"),
        ("starts_on = 2025-10-01", 'moo = """', 23, "", "is not TOML"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_by_its_line(write: Write, old: str, new: str, line: int, key: str, words: str) -> None:
    assert TENANT.count(old) == 1
    (found,) = mistakes(write(TENANT.replace(old, new)))
    assert found[:3] == ("nongdee.toml", line, key)
    assert words in found[3]


def test_all_mistakes_are_told_at_once(write: Write) -> None:
    text = TENANT.replace("soon_days", "son_days").replace('"NGD"', "7").replace("starts_on = 2025", "starts_on = 2568")
    assert [(line, key) for _, line, key, _ in mistakes(write(text))] == [
        (12, "case_code.prefix"),
        (16, "visits.son_days"),
        (22, "project[1].starts_on"),
    ]


def test_a_second_project_is_found_at_its_own_line(write: Write) -> None:
    second = '\n[[project]]\nname = "ละหาน"\nlevel = "district"\nstarts_on = 2025-10-01\npack = "vilage"\n'
    assert mistakes(write(TENANT + second)) == [
        ("nongdee.toml", 25, "project[2].name", "another project has this name")
    ]
    (found,) = mistakes(write(TENANT + second.replace("ละหาน", "จัตุรัส")))
    assert found == ("nongdee.toml", 28, "project[2].pack", 'there is no pack "vilage" (did you mean "village"?)')


def test_a_mistake_in_a_pack_is_named_in_the_packs_file(write: Write) -> None:
    write('extends = "standard"\nname = "short"\ntitle = "สั้น"\n\n[visits]\nevery_days = 1\n', "short.toml")
    found = mistakes(write(TENANT.replace('"standard"', '"short"').replace("soon_days = 2", "soon_days = 1")))
    standard = [line.split(" ")[0] for line in (TENANTS / "standard.toml").read_text("utf-8").splitlines()]
    assert [where[:3] for where in found] == [
        ("standard.toml", standard.index("retry_days") + 1, "visits.retry_days"),
        ("standard.toml", standard.index("window_days") + 1, "visits.window_days"),
    ]


def test_packs_that_extend_each_other_are_refused(write: Write) -> None:
    write('extends = "two"\nname = "one"\ntitle = "หนึ่ง"\n', "one.toml")
    write('extends = "one"\nname = "two"\ntitle = "สอง"\n', "two.toml")
    assert mistakes(write(TENANT.replace('"standard"', '"one"'))) == [
        ("two.toml", 1, "extends", '"one" extends this file in turn')
    ]


def test_a_tenant_cannot_rename_the_pack_it_extends(write: Write) -> None:
    assert mistakes(write('name = "mine"\n' + TENANT))[0][:3] == ("nongdee.toml", 1, "name")


def test_files_that_cannot_be_read(write: Write, tmp_path: Path) -> None:
    assert "cannot be read" in mistakes(tmp_path / "none.toml")[0][3]
    latin = TENANT.encode().replace("หนองดี".encode(), "หนองดี".encode("cp874"), 1)
    assert mistakes(write(latin)) == [("nongdee.toml", 5, "", "is not UTF-8 text")]


def test_the_error_reads_like_a_compilers(write: Write) -> None:
    path = write(TENANT.replace("soon_days = 2", "soon_days = 0"))
    with pytest.raises(district.BadToml) as caught:
        district.read(path)
    assert str(caught.value) == (
        f"{path}:16: visits.soon_days: 0 is not allowed: write a whole number of days from 1 to 365"
    )


@pytest.mark.parametrize(
    "slug",
    [
        "v",
        "tip",
        "ask",
        "me",
        "ops",
        "programme",
        "sign-in",
        "api",
        "hooks",
        "static",
        "health",
        "healthz",
        "readyz",
        "metrics",
        "components",
        "practice",
        ".well-known",
    ],
)
def test_addresses_of_the_site_are_no_slugs(slug: str) -> None:
    assert slug in district.RESERVED_SLUGS


def test_a_pack_survives_the_database() -> None:
    pack = district.read_pack(TENANTS / "village.toml")
    content = district.pack_content(pack)
    kept = json.loads(json.dumps(content))
    assert kept == content and district.from_content(kept) == pack
    backwards = dict(reversed(list(kept.items())))
    assert district.pack_hash(backwards) == district.pack_hash(content)
    assert district.pack_hash({**content, "title": "x"}) != district.pack_hash(content)


def test_settings_survive_the_database_and_hold_no_rules() -> None:
    read = district.read(TENANTS / "demo" / "phon.toml")
    content = district.settings_content(read.settings)
    assert district.settings_from_content(json.loads(json.dumps(content))) == read.settings
    assert not set(content) & set(district.pack_content(read.packs["standard"]))


def test_every_key_is_explained_in_the_docs() -> None:
    told = (folder("tenants").parent / "docs" / "rule-packs.md").read_text("utf-8")
    read = district.read(DEMO[0])
    content = district.settings_content(read.settings) | district.pack_content(read.packs["standard"])
    names = {name for section in content.values() if isinstance(section, dict) for name in section}
    assert [name for name in sorted({*content, *names}) if f"`{name}`" not in told] == []


TEXT = """
[consent]
sharing = "2570-1"
[[consent.sharing_text]]
heading = "คุณตกลงเรื่องอะไร"
lines = [
  "หนึ่ง",
  "สอง",
]
"""


def test_a_district_may_write_its_own_consent_text_with_its_own_version(write: Write) -> None:
    consent = district.read(write(TENANT + TEXT)).packs["standard"].consent
    assert (consent.version("sharing"), consent.version("treatment")) == ("2570-1", "2569-1")
    assert [part.lines for part in consent.text("sharing")] == [("หนึ่ง", "สอง")]
    assert len(consent.text("treatment")) > 3


@pytest.mark.parametrize(
    ("changed", "line", "key", "words"),
    [
        (('sharing = "2570-1"\n', ""), 25, "consent.sharing_text", "go together"),
        ((TEXT, '\n[consent]\nsharing = "2570-1"\n'), 25, "consent.sharing", "go together"),
        (('"2570-1"', '"2569-1"'), 25, "consent.sharing", "other words"),
        (('"สอง"', f'"{"ก" * 161}"'), 30, "consent.sharing_text[1].lines[2]", "a sentence"),
        (('lines = [\n  "หนึ่ง",\n  "สอง",\n]', "lines = []"), 28, "consent.sharing_text[1].lines", "says nothing"),
    ],
)
def test_a_wrong_consent_text_is_named_by_its_line(
    write: Write, changed: tuple[str, str], line: int, key: str, words: str
) -> None:
    ((_, at, where, text),) = mistakes(write(TENANT + TEXT.replace(*changed)))
    assert (at, where) == (line, key) and words in text


def test_a_pack_without_a_text_to_read_is_refused(write: Write, tmp_path: Path) -> None:
    own = write(TENANT)
    standard = tmp_path / "standard.toml"
    begin, _, rest = standard.read_text().partition("[[consent.contact_text]]")
    standard.write_text(begin + rest[rest.index("# ──") :])
    assert ("consent.contact_text", True) in [(key, "nobody can agree" in text) for _, _, key, text in mistakes(own)]


def test_a_pack_that_was_published_before_texts_is_read() -> None:
    content = district.pack_content(district.read_pack(TENANTS / "standard.toml"))
    for kind in ("treatment", "sharing", "contact"):
        del content["consent"][f"{kind}_text"]
    assert district.from_content(content).consent.text("treatment") == ()
