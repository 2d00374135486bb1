"""What can be wrong with what was typed about somebody who joins, and how to put it right. Pure."""

from __future__ import annotations

from typing import NamedTuple

from khuen.msgid import N_


class Said(NamedTuple):
    """What is wrong and how to put it right; message ids."""

    what: str
    how: str


PROBLEMS = {
    "missing_name": Said(N_("The name is missing"), N_("Type the given name and the family name")),
    "missing_family": Said(
        N_("The family name is missing"), N_("Type the family name after a space, or - if there is none")
    ),
    "odd_name": Said(N_("A name has letters only"), N_("Take out digits and signs")),
    "formula": Said(N_("This is a formula, not a text"), N_("Type the text itself")),
    "formula_empty": Said(
        N_("This cell holds a formula without a result"), N_("Paste the column as values, or type the text itself")
    ),
    "hidden": Said(N_("This text holds hidden characters that cannot be kept"), N_("Type it again")),
    "too_long": Said(N_("This text is too long"), N_("Shorten it")),
    "sex": Said(N_("The sex cannot be read"), N_("Write ชาย, หญิง or อื่น ๆ, or leave it empty")),
    "birth": Said(N_("The date of birth cannot be read"), N_("Write it as 31/1/2538, or only the year")),
    "birth_future": Said(N_("The date of birth lies in the future"), N_("Check the year")),
    "birth_old": Said(N_("Nobody is that old"), N_("Check the year of birth")),
    "id_damaged": Said(
        N_("The spreadsheet shortened this national ID"), N_("Type all 13 digits, with the cell set to text")
    ),
    "id_length": Said(N_("A national ID has 13 digits"), N_("Type all 13 digits, or ไม่มี if there is none")),
    "id_check": Said(N_("The national ID does not add up"), N_("Check it digit by digit against the card")),
    "phone": Said(N_("This is not a complete phone number"), N_("Type 10 digits for a mobile phone, 9 for a landline")),
    "moo": Said(N_("The village number cannot be read"), N_("Type a number such as 3, or leave it empty")),
    "tambon": Said(N_("This tambon was not found"), N_("Check the spelling, and add the district and the province")),
    "tambon_many": Said(N_("Several tambons have this name"), N_("Add the district and the province")),
    "legal_basis": Said(N_("The legal basis is missing or unknown"), N_("Write ม.113, ม.114, คำสั่งศาล or อื่น ๆ")),
    "proposed_by": Said(
        N_("Who proposed the person is missing or unknown"),
        N_("Write ตนเอง, ครอบครัว, ชุมชน, โรงพยาบาล, ตำรวจ, ฝ่ายปกครอง or อื่น ๆ"),
    ),
    "agreed_on": Said(N_("The date of agreeing cannot be read"), N_("Write it as 31/1/2568")),
    "agreed_future": Said(N_("The date of agreeing lies in the future"), N_("Check the date")),
    "consent": Said(N_("The consent cannot be read"), N_("Write ยินยอม or ไม่ยินยอม")),
    "no_treatment": Said(
        N_("There is no consent to treatment"),
        N_("Only who agreed can be enrolled. Write ยินยอม once the person has signed, else leave the row out"),
    ),
    "refused_treatment": Said(
        N_("The person does not agree to treatment"),
        N_("Nobody is enrolled against their will. Leave the row out"),
    ),
    "guardian": Said(
        N_("Under 20 years a guardian has to agree too"), N_("Type the guardian's name, or สมรสแล้ว if married")
    ),
    "guardian_alone": Said(
        N_("For a child of 10 years or younger the guardian alone agrees"), N_("Type the guardian's name")
    ),
    "same_in_file": Said(N_("The same person stands further up in this file"), N_("Keep one of the two rows")),
    "same_id": Said(N_("Somebody here already has this national ID"), N_("Compare the two and choose")),
    "same_phone": Said(N_("Somebody here already has this phone number"), N_("Compare the two and choose")),
    "same_name": Said(N_("Somebody here already has this name"), N_("Compare the two and choose")),
    "other_person": Said(N_("The chosen person does not resemble this row"), N_("Compare again and choose")),
    "open_case": Said(
        N_("This person already has an open case here"), N_("Leave the row out and go on with that case")
    ),
}
#: the consent to treatment is missing: such a row is not taken
WITHOUT_CONSENT = ("refused_treatment", "no_treatment")
DUPLICATES = frozenset({"same_in_file", "same_id", "same_phone", "same_name", "open_case", "other_person"})


class Wrong(ValueError):
    """A text that cannot be read; the argument is a key of PROBLEMS."""
