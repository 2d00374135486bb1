"""Codes that can be spoken, numbers, hashes: pure."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from khuen.certificates import rules
from khuen.certificates.rules import ALPHABET, Batch, Public, State

CHANCE = st.lists(st.integers(0, len(ALPHABET) - 1), min_size=11, max_size=11)


@given(CHANCE)
def test_a_code_is_read_however_it_was_typed(chance: list[int]) -> None:
    code = rules.code_of(chance)
    shown = rules.spoken(code)
    thai = shown.translate(str.maketrans("34679", "๓๔๖๗๙"))
    for typed in (code, shown, shown.lower(), shown.replace("-", " "), f" {thai} ", shown.replace("-", "–")):
        assert rules.read_code(typed) == code


@given(CHANCE, st.integers(0, 11), st.integers(0, 11), st.sampled_from(ALPHABET))
def test_one_wrong_character_and_two_changed_about_are_found(chance: list[int], one: int, two: int, by: str) -> None:
    code = rules.code_of(chance)
    wrong = code[:one] + by + code[one + 1 :]
    assert (rules.read_code(wrong) == code) is (wrong == code) and (wrong == code or rules.read_code(wrong) is None)
    letters = list(code)
    letters[one], letters[two] = letters[two], letters[one]
    changed = "".join(letters)
    assert rules.read_code(changed) == (code if changed == code else None)


@pytest.mark.parametrize("text", ["", "7F3K", "O" * 12, "ก" * 12, "7F3K-9QXA-2M", "<script>", "7" * 4000])
def test_what_is_no_code_is_none(text: str) -> None:
    assert rules.read_code(text) is None


def test_letters_that_are_taken_for_others_are_named() -> None:
    assert rules.look_alikes("7F3O-9l21-AAAA") == "12LO" and rules.look_alikes("7F3K") == ""


def test_chance_that_is_none_is_refused() -> None:
    for wrong in ([0] * 10, [0] * 10 + [23]):
        with pytest.raises(ValueError, match="eleven"):
            rules.code_of(wrong)


def test_numbers_initials_and_masks() -> None:
    assert rules.number_of("ชย 0033", 2569, 96) == "ชย 0033/2569-0096"
    assert rules.initials("เกษม", "ตัวอย่าง") == "ก. ต." and rules.initials("อนุชา", "") == "อ."
    assert rules.masked("1101700230705") == "x-xxxx-xxxx0-70-5" and rules.masked(None) == ""


def test_a_challenge_is_of_these_records_in_this_order_for_this_end() -> None:
    a, b = rules.record_hash({"case": 1}), rules.record_hash({"case": 2})
    made = rules.challenge(Batch.SIGN, b"n", [a, b])
    others = [(Batch.SIGN, b"n", [b, a]), (Batch.SIGN, b"m", [a, b]), (Batch.COUNTERSIGN, b"n", [a, b])]
    assert made not in [rules.challenge(kind, nonce, hashes) for kind, nonce, hashes in others]
    assert len(made) == 32 and rules.record_hash({"b": 1, "a": 2}) == rules.record_hash({"a": 2, "b": 1})


def test_nothing_is_public_before_it_is_published() -> None:
    for state in (State.NUMBERED, State.SIGNED):
        assert rules.public_state(state, None) is Public.UNKNOWN
    assert [rules.public_state(State.PUBLISHED, ended) for ended in (None, "replaced", "revoked")] == [
        Public.VALID,
        Public.REPLACED,
        Public.REVOKED,
    ]


def test_whoever_is_close_to_the_person_does_not_sign() -> None:
    me, other = UUID(int=1), UUID(int=2)
    assert rules.may_sign(me, {other}) and not rules.may_sign(me, {me, other})
