"""How a Thai name sounds: one key for the spellings of one pronunciation. Pure; the folds and examples: docs/people.md.

Tones and vowel length are left out, silent letters go, letters of one sound are one letter, and a letter that closes a
syllable is one of the eight sounds that Thai closes syllables with. Two names with one key sound alike; the reverse is
not promised, so the key only ever suggests.
"""

from __future__ import annotations

import re

from khuen.thai import canonical, split_prefix

VERSION = 1  #: of the folds; a stored key of another version is made again by the nightly job

_VOWELS = "aiwueAoIO"
_TONES = re.compile("[\u0e47-\u0e4b\u0e4d\u0e4e]")
_DEAD = re.compile("([ก-ฮ])[ิุ]?\u0e4c")
#: the letter before a killed ร, or a killed letter behind another that already closes: จันทร์, ศาสตร์, พักตร์
_DEAD_TAIL = re.compile("(?<=[ก-ฮะ-ู])[ทตด]ร\u0e4c")
_SPOKEN = (
    (re.compile("(?<=[ก-ฮ])อ(?=[ก-ฮ]|$)"), "ํ"),  # as a vowel: พลอย
    (re.compile("ธรรม"), "ทัม"),
    (re.compile("กรรม"), "กัม"),
    (re.compile("รร(?=[ก-ฮ][ะ-ู])"), "ัน"),  # บรรจง
    (re.compile("รร(?=[ก-ฮ])"), "ั"),  # วรรณ
    (re.compile("รร"), "ัน"),
    (re.compile("ฤๅ|ฤ"), "ริ"),
    (re.compile("(?<=[ชญธห])([าเ]?)(ต)[ิุ](?=[ก-ฮเ-ไ]|$)"), r"\1\2"),
    (re.compile("(?<=บั)ติ(?=[ก-ฮเ-ไ]|$)"), "ต"),  # สมบัติ
    (re.compile("(?<=[าี]|ร)ติ$"), "ต"),  # ชาติ, เกียรติ
    (re.compile("(?<=เห)ตุ"), "ต"),
    (re.compile("(?<=ภู)มิ|(?<=วุ)ฒิ"), lambda found: found[0][0]),
    (re.compile("(?<=เกีย)ร(?=ต)"), ""),
    (re.compile("^ทร(?=[ก-ฮะ-ู])|(?<=[ไใ])ทร|ทร(?=ัพย|ายท|ง)"), "ซ"),  # ทรัพย์, ไทร
    (re.compile("(?<=[จซศสษ])ร(?=[ะ-ูํ])|(?<=สร)(?=$)"), ""),  # จริง, ศรี
    (re.compile("(?<=[เแโไใ][จซศส])ร(?=[ก-ฮ])"), ""),
    (re.compile("(?<=[ตทดชก])ร$"), ""),  # บุตร, เพชร, จักร
    (re.compile("ห(?=[งญนมยรลว][ะ-ู])|(?<=[เแโไใ])ห(?=[งญนมยรลว])"), ""),  # หมาย
    (re.compile("^อ(?=ย[ะ-ู])"), ""),
)
_ONSETS = str.maketrans(
    "ฃขฅฆฉฌฎฏฐฑฒถธณญภผฝฬรศษสฮ", "คคคคชชดตทททททนยพพฟลลซซซห"
)  # ต and ด, ป and บ stay apart at the head of a syllable
_CLOSING = str.maketrans("กขคฆงจชซดตทสนญยลรมวบปพฟภถธณศษฎฏฐฑฒผฝ", "กกกกงดดดดดดดนนยนนมวบบบบบดดนดดดดดดดบบ")
#: ะ always ends its syllable: what follows it opens the next one
_LATIN = str.maketrans({"ิ": "i", "ี": "i", "ึ": "w", "ื": "w", "ุ": "u", "ู": "u", "ํ": "o", "ั": "a", "ะ": "ะ", "า": "a"})
_LEADING = {"เ": "e", "แ": "A", "โ": "o", "ไ": "I", "ใ": "I"}
_CLUSTER = re.compile(f"(?<=[กคตปพ])ล(?=[ะ{_VOWELS}])")
_CONSONANT = re.compile("[ก-ฮ]")
_DOUBLED = re.compile("(?![ญ])([ก-ฮ])(?=([ก-ฮ]))")


def of(*names: str) -> str:
    """The key of one or more names, joined by a space: of("ณัฐพล", "ใจดี") == of("นัทพล", "ไจดี")."""
    words = split_prefix(" ".join(name for name in names if name))[1].casefold().split()
    return " ".join(key for word in words if (key := _word(word)))


def _word(word: str) -> str:
    text = "".join(letter for letter in _TONES.sub("", canonical(word)) if letter.isalnum() or "ะ" <= letter <= "๎")
    text = text.replace("ำ", "ัม")
    text = _DEAD.sub("", _DEAD_TAIL.sub("", text)).replace("\u0e4c", "")
    for pattern, spoken in _SPOKEN:
        text = pattern.sub(spoken, text)
    text = re.sub("ไย", "ไ", re.sub("[ัา]ย", "_", text))
    text = _DOUBLED.sub(lambda found: "" if _opens(found[1]) == _opens(found[2]) else found[1], text)
    return _joined(_closed(_ordered(text)))


def _ordered(text: str) -> str:
    """Vowels as Latin letters behind the consonant that they belong to; a cluster counts as its first letter."""
    text = re.sub("([เแโไใ])([ก-ฮ])([รล](?=[ก-ฮะ-ู]))?", lambda found: found[2] + _LEADING[found[1]], text)
    return text.translate(_LATIN).replace("_", "I").replace("ea", "O")


def _opens(letter: str) -> str:
    return letter.translate(_ONSETS)


def _closed(text: str) -> list[str]:
    """Letter by letter: one that closes a syllable by its closing sound, another by its opening sound."""
    found: list[str] = []
    for place, letter in enumerate(text):
        if not _CONSONANT.match(letter):
            found.append(letter)
            continue
        after = text[place + 1 : place + 2]
        follows_vowel = place > 0 and text[place - 1] in _VOWELS
        ends = not after or (_CONSONANT.match(after) is not None and follows_vowel)
        found.append(letter.translate(_CLOSING) if place and ends else _opens(letter))
    return found


def _joined(letters: list[str]) -> str:
    """Without a in the middle (it is often not written), clusters and doubled letters."""
    text = _CLUSTER.sub("", "".join(letters)).replace("ะ", "a")
    text = re.sub("a(?!$)|[\u0e2f-\u0e5b]", "", text)  # and whatever mark stood where none can be read
    return re.sub(r"(\D)\1+", r"\1", text)
