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
