"""Every instrument in every wording that was ever filled in. Mind, mood and violence are written here, substances and
earlier wordings apart. Points, bands, sources and what each Thai text was compared with: docs/screening.md."""

from __future__ import annotations

from khuen.screening import earlier
from khuen.screening.rules import Band, Instrument, Item, Option, Part, Sum, Tool, When
from khuen.screening.substances import ASSIST, V2

OAS = Instrument(
    tool=Tool.OAS,
    version="OAS/th-2",
    name="OAS",
    title="แบบประเมินพฤติกรรมก้าวร้าวรุนแรง (OAS)",
    asks_about="พฤติกรรมที่เห็นหรือมีผู้บอก คะแนนคือข้อที่สูงที่สุด",
    items=(
        Item(
            "self",
            "1",
            "ต่อตนเอง",
            (
                Option("0", "ไม่พบ", 0),
                Option("2", "ขีดข่วนผิวหนัง ตีตัวเอง ดึงผม หรือโขกศีรษะ เป็นรอยเล็ก", 2),
                Option("3", "ทำร้ายตัวเองรุนแรง เช่น รอยช้ำ รอยกรีดลึก เลือดออก บาดเจ็บภายใน หรือหมดสติ", 3),
            ),
        ),
        Item(
            "others",
            "2",
            "ต่อผู้อื่น",
            (
                Option("0", "ไม่พบ", 0),
                Option("1", "หงุดหงิด ส่งเสียงดัง ตะโกนด้วยความโกรธ หรือด่าด้วยคำไม่รุนแรง", 1),
                Option("2", "ด่าหยาบคายรุนแรง ทำท่าคุกคาม พุ่งชน เตะ ผลัก หรือดึงผม โดยไม่มีใครบาดเจ็บ", 2),
                Option("3", "ขู่จะทำร้ายชัดเจน เช่น บอกว่าจะฆ่า หรือทำร้ายผู้อื่นจนบาดเจ็บหรือหมดสติ", 3),
            ),
        ),
        Item(
            "property",
            "3",
            "ต่อทรัพย์สิน",
            (
                Option("0", "ไม่พบ", 0),
                Option("1", "ปิดประตูเสียงดัง รื้อข้าวของกระจัดกระจาย", 1),
                Option("2", "ขว้าง เตะ หรือทุบสิ่งของ", 2),
                Option("3", "ทำของแตกหัก ขว้างของอันตราย เช่น แก้วหรือมีด หรือจุดไฟเผา", 3),
            ),
        ),
    ),
    parts=(
        Part(
            "",
            "",
            (
                Band(0, 0, "none", "ไม่พบ"),
                Band(1, 1, "semi_urgent", "กึ่งเร่งด่วน: ดูแลภายใน 24 ชั่วโมง"),
                Band(2, 2, "urgent", "เร่งด่วน: ดูแลภายใน 2 ชั่วโมง"),
                Band(3, 3, "emergency", "ฉุกเฉิน: ดูแลทันที"),
            ),
        ),
    ),
    sum=Sum.HIGHEST,
)


def _yes(points: int) -> tuple[Option, ...]:
    return (Option("no", "ไม่ใช่", 0), Option("yes", "ใช่", points))


TWO_Q = Instrument(
    tool=Tool.TWO_Q,
    version="2Q/th-1",
    name="2Q",
    title="แบบคัดกรองโรคซึมเศร้า 2 คำถาม (2Q)",
    asks_about="ช่วง 2 สัปดาห์ที่ผ่านมา รวมวันนี้",
    items=(
        Item("q1", "1", "รู้สึกหดหู่ เศร้า หรือท้อแท้สิ้นหวัง หรือไม่", _yes(1)),
        Item("q2", "2", "รู้สึกเบื่อ ทำอะไรก็ไม่เพลิดเพลิน หรือไม่", _yes(1)),
    ),
    parts=(Part("", "", (Band(0, 0, "none", "ไม่พบแนวโน้ม"), Band(1, 2, "some", "มีแนวโน้ม: ถาม 9Q ต่อ"))),),
)

_DAYS = (
    Option("none", "ไม่มีเลย", 0),
    Option("some", "เป็นบางวัน (1–7 วัน)", 1),
    Option("often", "เป็นบ่อย (มากกว่า 7 วัน)", 2),
    Option("daily", "เป็นทุกวัน", 3),
)
_NINE = (
    "เบื่อ ไม่สนใจอยากทำอะไร",
    "ไม่สบายใจ ซึมเศร้า หรือท้อแท้",
    "หลับยาก หลับ ๆ ตื่น ๆ หรือหลับมากไป",
    "เหนื่อยง่าย หรือไม่ค่อยมีแรง",
    "เบื่ออาหาร หรือกินมากเกินไป",
    "รู้สึกไม่ดีกับตัวเอง คิดว่าตัวเองล้มเหลว หรือทำให้ตนเองหรือครอบครัวผิดหวัง",
    "สมาธิไม่ดีเวลาทำอะไร เช่น ดูโทรทัศน์ ฟังวิทยุ หรือทำงานที่ต้องตั้งใจ",
    "พูดช้า ทำอะไรช้าจนคนอื่นสังเกตได้ หรือกระสับกระส่าย อยู่นิ่งไม่ได้เหมือนที่เคยเป็น",
    "คิดทำร้ายตนเอง หรือคิดว่าถ้าตายไปคงจะดี",
)
NINE_Q = Instrument(
    tool=Tool.NINE_Q,
    version="9Q/th-2",
    name="9Q",
    title="แบบประเมินโรคซึมเศร้า 9 คำถาม (9Q)",
    asks_about="ช่วง 2 สัปดาห์ที่ผ่านมา รวมวันนี้ มีอาการบ่อยเพียงใด",
    items=tuple(Item(f"q{n}", str(n), text.replace(" ๆ", "\u00a0ๆ"), _DAYS) for n, text in enumerate(_NINE, start=1)),
    parts=(
        Part(
            "",
            "",
            (
                Band(0, 6, "none", "ไม่มี หรือน้อยมาก"),
                Band(7, 12, "mild", "ระดับน้อย"),
                Band(13, 18, "moderate", "ระดับปานกลาง"),
                Band(19, 27, "severe", "ระดับรุนแรง"),
            ),
        ),
    ),
)

EIGHT_Q = Instrument(
    tool=Tool.EIGHT_Q,
    version="8Q/th-1",
    name="8Q",
    title="แบบประเมินการฆ่าตัวตาย 8 คำถาม (8Q)",
    asks_about="ข้อ 1–7 ช่วง 1 เดือนที่ผ่านมา รวมวันนี้ ข้อ 8 ตลอดชีวิต",
    items=(
        Item("q1", "1", "คิดอยากตาย หรือคิดว่าตายไปจะดีกว่า", _yes(1)),
        Item("q2", "2", "อยากทำร้ายตัวเอง หรือทำให้ตัวเองบาดเจ็บ", _yes(2)),
        Item("q3", "3", "คิดเกี่ยวกับการฆ่าตัวตาย", _yes(6)),
        Item(
            "q3b",
            "3 (ต่อ)",
            "ควบคุมความอยากฆ่าตัวตายที่คิดอยู่นั้นได้หรือไม่ หรือบอกได้ไหมว่าจะไม่ทำตามความคิดนั้นในขณะนี้",
            (Option("can", "ควบคุมได้", 0), Option("cannot", "ควบคุมไม่ได้", 8)),
            When("q3", frozenset({"yes"})),
        ),
        Item("q4", "4", "มีแผนการที่จะฆ่าตัวตาย", _yes(8)),
        Item("q5", "5", "ได้เตรียมการที่จะทำร้ายตนเองหรือฆ่าตัวตาย โดยตั้งใจให้ตาย", _yes(9)),
        Item("q6", "6", "ได้ทำให้ตนเองบาดเจ็บ แต่ไม่ตั้งใจให้ตาย", _yes(4)),
        Item("q7", "7", "ได้พยายามฆ่าตัวตาย โดยตั้งใจให้ตาย", _yes(10)),
        Item("q8", "8", "ตลอดชีวิตที่ผ่านมา เคยพยายามฆ่าตัวตาย", _yes(4)),
    ),
    parts=(
        Part(
            "",
            "",
            (
                Band(0, 0, "none", "ไม่พบความเสี่ยง"),
                Band(1, 8, "low", "ระดับน้อย: แจ้งแพทย์"),
                Band(9, 16, "moderate", "ระดับปานกลาง: แจ้งแพทย์"),
                Band(17, 52, "severe", "ระดับรุนแรง: แจ้งแพทย์ทันที"),
            ),
        ),
    ),
)

_SELDOM = (
    Option("0", "แทบไม่มี", 0),
    Option("1", "เป็นบางครั้ง", 1),
    Option("2", "บ่อยครั้ง", 2),
    Option("3", "เป็นประจำ", 3),
)
_FIVE = (
    "มีปัญหาการนอน นอนไม่หลับ หรือนอนมาก",
    "มีสมาธิน้อยลง",
    "หงุดหงิด กระวนกระวาย หรือว้าวุ่นใจ",
    "รู้สึกเบื่อ เซ็ง",
    "ไม่อยากพบปะผู้คน",
)
ST5 = Instrument(
    tool=Tool.ST5,
    version="ST-5/th-1",
    name="ST-5",
    title="แบบประเมินความเครียด 5 คำถาม (ST-5)",
    asks_about="ช่วง 2–4 สัปดาห์ที่ผ่านมา",
    items=tuple(Item(f"q{n}", str(n), text, _SELDOM) for n, text in enumerate(_FIVE, start=1)),
    parts=(
        Part(
            "",
            "",
            (
                Band(0, 4, "low", "เครียดน้อย"),
                Band(5, 7, "moderate", "เครียดปานกลาง"),
                Band(8, 9, "high", "เครียดมาก"),
                Band(10, 15, "highest", "เครียดมากที่สุด"),
            ),
        ),
    ),
)

_CRITERIA = (
    "เคยทำร้ายตนเองด้วยวิธีรุนแรง มุ่งหวังให้เสียชีวิต",
    "เคยทำร้ายผู้อื่นด้วยวิธีรุนแรง หรือก่อเหตุรุนแรงในชุมชน",
    "มีอาการหลงผิด และคิดทำร้ายผู้อื่นถึงชีวิต หรือมุ่งร้ายใครโดยเฉพาะ เช่น ระบุชื่อ",
    "เคยก่อคดีอาญารุนแรง (ฆ่า พยายามฆ่า ข่มขืน วางเพลิง)",
)
SMI_V = Instrument(
    tool=Tool.SMI_V,
    version="SMI-V/th-2",
    name="SMI-V",
    title="เกณฑ์เสี่ยงก่อความรุนแรง (SMI-V)",
    asks_about="เข้าเกณฑ์ข้อใดข้อหนึ่งก็นับ",
    items=tuple(Item(f"q{n}", str(n), text, _yes(1)) for n, text in enumerate(_CRITERIA, start=1)),
    parts=(Part("", "", (Band(0, 0, "none", "ไม่เข้าเกณฑ์"), Band(1, 4, "met", "เข้าเกณฑ์ SMI-V"))),),
)

#: the wording in use, in the order in which a screening goes
CURRENT: dict[Tool, Instrument] = {one.tool: one for one in (V2, OAS, TWO_Q, NINE_Q, EIGHT_Q, SMI_V, ST5, ASSIST)}
_EARLIER = (
    earlier.wording(V2, "V.2/th-1", earlier.V2_1),
    earlier.wording(OAS, "OAS/th-1", earlier.OAS_1),
    earlier.wording(NINE_Q, "9Q/th-1", earlier.NINE_Q_1),
    earlier.wording(SMI_V, "SMI-V/th-1", earlier.SMI_V_1),
)
_EVERY = {(one.tool, one.version): one for one in (*CURRENT.values(), *_EARLIER)}


def instrument(tool: Tool, version: str) -> Instrument:
    """The instrument in the wording that was filled in. Raises KeyError for one that never was."""
    return _EVERY[tool, version]


def words(made: Instrument, part: str, band: str) -> tuple[str, str]:
    """(name of the part, words of the band) of a score."""
    found = next(one for one in made.parts if one.id == part)
    return found.label, next(one.label for one in found.bands if one.id == band)
