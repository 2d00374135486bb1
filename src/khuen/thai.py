"""Thai text, numbers and names as people type them and as we keep them. Pure; the facts are in docs/thai-text.md."""

import re
import unicodedata
from dataclasses import dataclass, field

import phonenumbers
from stdnum.th import pin

from khuen.msgid import N_

PREFIXES = ("นาย", "นาง", "น.ส.", "ด.ช.", "ด.ญ.")
"""The titles a form offers (codes 001 to 005 of the state's list). Titles of inmates are never offered or shown."""

RANKS = (
    *("พล.ต.อ.", "พล.ต.ท.", "พล.ต.ต.", "พ.ต.อ.", "พ.ต.ท.", "พ.ต.ต.", "ร.ต.อ.", "ร.ต.ท.", "ร.ต.ต."),
    *("ด.ต.", "จ.ส.ต.", "ส.ต.อ.", "ส.ต.ท.", "ส.ต.ต."),
)
"""Police ranks, which stand where a title stands."""

HIDDEN_CHARACTERS = N_("This text holds hidden characters that cannot be kept. Type it again")
TOO_LONG = N_("This text is too long")
ID_NOT_13 = N_("A national ID has 13 digits")
ID_DAMAGED = N_("The spreadsheet shortened this national ID. Type all 13 digits as text")
ID_CHECK_DIGIT = N_("The national ID does not add up. Check it digit by digit")
ID_UNUSUAL = N_("National IDs rarely start with 0 or 9. Check the card")
PHONE_WRONG = N_("This is not a complete phone number")

_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_MARKS = re.compile("[\u0e31\u0e34-\u0e3a\u0e47-\u0e4e]")
_OTHER_MARKS = "".join(chr(point) for point in range(0x300, 0x1E950) if unicodedata.combining(chr(point)))
_RUN = re.compile(f"[\u0e31\u0e34-\u0e3a\u0e47-\u0e4e{_OTHER_MARKS}]{{2,}}")
_TONES = "\u0e48-\u0e4b"
# What `canonical` may have to change: anything but ASCII and Thai, two marks on a letter other than a vowel with a tone
# above or below it, ํ, what follows ำ, and the two เ that look like แ.
_UNUSUAL = re.compile(
    "[^ -~\u0e01-\u0e3a\u0e3f-\u0e5b]|\u0e4d|เเ|\u0e33[\u0e33\u0e48-\u0e4b]"
    "|(?![\u0e31\u0e34-\u0e39][\u0e48-\u0e4c](?![\u0e31\u0e34-\u0e3a\u0e47-\u0e4e]))"
    "[\u0e31\u0e34-\u0e3a\u0e47-\u0e4e]{2}"
)
_SILENT = re.compile("[\u0e47-\u0e4e]")  # tone marks, mai taikhu, thanthakhat: they order and search last or not at all
_NOT_OF_NAMES = re.compile("[^\\w\u0e31\u0e34-\u0e3a\u0e47-\u0e4e]|_")
_LEADING_VOWEL = re.compile("([เ-ไ])([ก-ฮ])")
_TO_ARABIC = str.maketrans("๐๑๒๓๔๕๖๗๘๙", "0123456789")
_TO_THAI = str.maketrans("0123456789", "๐๑๒๓๔๕๖๗๘๙")


def canonical(text: str, *, lines: bool = False) -> str:
    """The one spelling in which a text is stored and compared; applying it twice changes nothing.

    NFC, one order for the marks of a letter, ํ + า as ำ, no invisible characters, single spaces.
    `lines=True` keeps line breaks (notes). Call `refuse` first: control characters are not removed here.
    """
    if not _UNUSUAL.search(text):
        return " ".join(text.split())  # most of what people type and spreadsheets hold is spelt so already
    text = _rewritten(text)
    if not lines:
        return " ".join(text.split())
    return "\n".join(" ".join(line.split()) for line in text.splitlines()).strip()


def _rewritten(text: str) -> str:
    text = _RUN.sub(_ordered, unicodedata.normalize("NFC", _INVISIBLE.sub("", text)))
    # NFC leaves ํ + า apart and NFKC splits ำ, so the join is ours; a tone typed after ำ goes before it.
    text = re.sub(f"\u0e4d([{_TONES}]*)\u0e32", "\\1\u0e33", text)
    text = re.sub(f"\u0e33[\u0e33{_TONES}]+", lambda found: found.group().replace("\u0e33", "") + "\u0e33", text)
    return unicodedata.normalize("NFC", _RUN.sub(_ordered, text).replace("เเ", "แ"))


def refuse(text: str, limit: int = 200) -> str | None:
    """Message id of why a typed text cannot be kept, or None: NUL, control characters, lone surrogates, too long."""
    if len(text) > limit:
        return TOO_LONG
    if text.isprintable():
        return None  # control characters and surrogates are not
    if any(unicodedata.category(character) in ("Cc", "Cs") and character not in "\t\n\r" for character in text):
        return HIDDEN_CHARACTERS
    return None


def sort_key(text: str) -> str:
    """Key for dictionary order under COLLATE "C": เแโใไ behind their consonant, tone marks decide last."""
    letters = arabic(_LEADING_VOWEL.sub(r"\2\1", canonical(text).casefold()))
    plain: list[str] = []
    tones: list[str] = []
    for letter in letters:
        if _SILENT.match(letter) and plain:
            tones[-1] = chr(ord("1") + ord(letter) - 0x0E47)
        elif letter.isalnum() or letter == " " or _MARKS.match(letter):
            plain.append(letter)
            tones.append("0")
    # A tab sorts before the space, hence before every letter: a shorter name comes first.
    return "".join(plain) + "\t" + "".join(tones).rstrip("0")


def search_prefix(*parts: str | None) -> str:
    """A name, or the beginning of one, in the form in which the prefix search (`^@`) compares it.

    Without title, spaces, tone marks and punctuation, in lower case; for stored names and typed words alike.
    """
    return squash(split_prefix(" ".join(part for part in parts if part))[1])


def squash(text: str) -> str:
    """Letters, vowels and digits only, in lower case: how names of people and places are compared."""
    return _NOT_OF_NAMES.sub("", arabic(_SILENT.sub("", canonical(text).casefold())))


def arabic(text: str) -> str:
    """Thai digits as 0-9. Python's int() and isdigit() take both, a database and a URL do not."""
    return text.translate(_TO_ARABIC)


def thai_digits(number: int | str) -> str:
    """Digits as ๐-๙, for official letters and certificates."""
    return str(number).translate(_TO_THAI)


@dataclass(frozen=True, slots=True)
class NationalId:
    """What was read from a typed id. `problem` and `warning` are message ids; with a problem `digits` is empty."""

    digits: str = field(default="", repr=False)
    problem: str | None = None
    warning: str | None = None

    @property
    def printed(self) -> str:
        """x-xxxx-xxxxx-xx-x, as on the card."""
        return str(pin.format(self.digits)) if self.digits else ""

    @property
    def last_four(self) -> str:
        return self.digits[-4:]


def national_id(text: str) -> NationalId:
    """Read a 13-digit id typed with spaces, dashes or Thai digits, or left in a cell as a number.

    A first digit 0 or 9 is only a warning: people without full status hold such numbers.
    """
    typed = re.sub(r"[\s\-‐-―.]", "", _whole_number(arabic(canonical(text))))
    if re.fullmatch(r"[0-9]+[eE]\+?[0-9]+", typed):
        return NationalId(problem=ID_DAMAGED)
    if not re.fullmatch(r"[0-9]{13}", typed):
        return NationalId(problem=ID_NOT_13)
    if pin.calc_check_digit(typed) != typed[-1]:
        return NationalId(problem=ID_CHECK_DIGIT)
    return NationalId(typed, warning=ID_UNUSUAL if typed[0] in "09" else None)


@dataclass(frozen=True, slots=True)
class Phone:
    """What was read from a typed phone number: E.164 to keep, `shown` to read, `repaired` if a lost 0 was put back."""

    e164: str = field(default="", repr=False)
    shown: str = field(default="", repr=False)
    problem: str | None = None
    repaired: bool = False


def phone(text: str) -> Phone:
    """Read a Thai number (or one of another country written with +), with Thai digits and extension "ต่อ" accepted."""
    typed = _whole_number(arabic(canonical(text))).replace("ต่อ", " ext. ")
    try:
        number = phonenumbers.parse(typed, "TH")
    except phonenumbers.NumberParseException:
        return Phone(problem=PHONE_WRONG)
    if not phonenumbers.is_valid_number(number):
        return Phone(problem=PHONE_WRONG)
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    if number.country_code != 66:
        return Phone(e164, phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL))
    digits = re.sub("[^0-9]", "", typed)
    shown = _thai_phone("0" + str(number.national_number))
    if number.extension:
        shown += " ต่อ " + number.extension
    return Phone(e164, shown, repaired=not digits.startswith(("0", "66")))


def split_prefix(text: str) -> tuple[str, str]:
    """("น.ส.", "ดวงใจ สมมุติ") from "นางสาวดวงใจ สมมุติ"; ("", text) when no known title or rank stands in front."""
    name = canonical(text)
    if not name.startswith(_TITLES):
        return "", name
    for spelling, prefix in _SPELLINGS:
        if not name.startswith(spelling):
            continue
        rest = name.removeprefix(spelling)
        rest = (_POLICEWOMAN.sub("", rest) if prefix in RANKS else rest).strip(" .")
        if _BEGINS_LIKE_A_NAME.match(rest):  # "นางสาวิตรี" is Mrs Savitri
            return prefix, rest
    return "", name


def initial(name: str) -> str:
    """First letter with a dot, a leading vowel passed over: "เกษม" is "ก.". Empty for an empty name."""
    if "ก" <= name[:1] <= "ฮ":
        return name[0] + "."  # most names, fifty on a board
    found = re.search(r"[ก-ฮ]|[^\W\d_]", canonical(name).lstrip("เแโใไ"))
    return found.group().upper() + "." if found else ""


def on_phone(called_name: str, family_name: str | None = None) -> str:
    """How a person is named on a phone that others may see: "คุณสมชาย ก."."""
    return f"คุณ{called_name} {initial(family_name or '')}".rstrip()


_SPELLINGS = sorted(
    [
        *((prefix, prefix) for prefix in (*PREFIXES, *RANKS)),
        *(
            ("นางสาว", "น.ส."),
            ("นส.", "น.ส."),
            ("เด็กชาย", "ด.ช."),
            ("เด็กหญิง", "ด.ญ."),
            ("ดช.", "ด.ช."),
            ("ดญ.", "ด.ญ."),
        ),
        *(("คุณ ", ""), ("น.ช.", ""), ("น.ญ.", ""), ("นช.", ""), ("นญ.", "")),
    ],
    key=lambda pair: -len(pair[0]),
)


_TITLES = tuple(spelling for spelling, _ in _SPELLINGS)
_POLICEWOMAN = re.compile("^ ?หญิง (?=.)")
_BEGINS_LIKE_A_NAME = re.compile(r"[ก-ฮ][ก-๎]|[เ-ไ][ก-ฮ]|[A-Za-z]{2}")


def _ordered(run: re.Match[str]) -> str:
    """Each mark once, in one order: keyboards let people type them in any."""
    return "".join(sorted(dict.fromkeys(run.group()), key=_mark_rank))


def _mark_rank(mark: str) -> int:
    # NFC orders by combining class (103 below, 107 tones), so we do too, or the two would undo each other's work.
    # Thai marks of class 0 stand before those, but for thanthakhat and yamakkan, which close a syllable.
    return unicodedata.combining(mark) or (255 if mark in "\u0e4c\u0e4e" else -0x0E50 + ord(mark))


def _whole_number(text: str) -> str:
    """A number that a spreadsheet turned into 1234567890123.0 or 1.234567890123E+12, when nothing was lost."""
    full = re.fullmatch(r"([0-9])\.([0-9]+)[eE]\+?([0-9]{1,2})", text)
    if full and len(full[2]) == int(full[3]):
        return full[1] + full[2]
    return re.sub(r"^([0-9]{7,})\.0+$", r"\1", text)


def _thai_phone(digits: str) -> str:
    if len(digits) == 10:
        return f"{digits[:3]}-{digits[3:6]}-{digits[6:]}"
    if digits.startswith("02"):
        return f"{digits[:2]}-{digits[2:5]}-{digits[5:]}"
    return f"{digits[:3]}-{digits[3:6]}-{digits[6:]}"
