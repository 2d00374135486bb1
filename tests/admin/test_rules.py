"""Which roles may be given."""

import pytest

from khuen.admin import rules

F = frozenset


@pytest.mark.parametrize(
    ("before", "wanted", "own", "refused"),
    [
        (F(), F(), False, rules.CHOOSE_ROLE),
        (F({"buddy"}), F({"buddy", "doctor"}), False, None),
        (F({"tenant_admin"}), F({"tenant_admin", "doctor"}), True, rules.NOT_YOURSELF),
        (F({"tenant_admin"}), F({"tenant_admin", "clinic"}), True, rules.NOT_YOURSELF),
        (F({"tenant_admin"}), F({"hospital_director"}), True, rules.NOT_YOURSELF),
        (F({"tenant_admin", "doctor"}), F({"tenant_admin", "doctor", "coordinator"}), True, None),
        (F({"tenant_admin"}), F({"tenant_admin", "coordinator"}), True, None),
    ],
)
def test_who_may_be_given_what(before: F[str], wanted: F[str], own: bool, refused: str | None) -> None:
    assert rules.refused(before, wanted, own=own) == refused


def test_a_role_of_the_province_is_neither_given_nor_taken_here() -> None:
    assert rules.after(F({"buddy", "inspector"}), F({"chair", "operator", "lead"})) == {"chair", "inspector"}


def test_a_form_of_details_knows_them_and_the_audit_names_what_changed() -> None:
    before = {"called_name": "นก", "phone": None, "subdistrict_code": "360607"}
    after = {"called_name": "นก", "phone": "+66812345678", "subdistrict_code": "360605"}
    assert rules.mark(before) == rules.mark(dict(reversed(before.items()))) != rules.mark(after)
    assert rules.changed(before, after) == "phone+tambon" and rules.changed(before, before) == ""
