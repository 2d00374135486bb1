"""Wordings that are no longer asked. What was filled in with one of them keeps it: only what differed stands here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from khuen.screening.rules import Instrument, Item


def wording(made: Instrument, version: str, said: Mapping[str, str | Mapping[str, str]]) -> Instrument:
    """The instrument as it was: {item: its text, or {option: its label}}. Points and bands are those of today."""
    return replace(made, version=version, items=tuple(_item(item, said.get(item.id, item.text)) for item in made.items))


def _item(item: Item, said: str | Mapping[str, str]) -> Item:
    if isinstance(said, str):
        return replace(item, text=said)
    return replace(
        item, options=tuple(replace(option, label=said.get(option.value, option.label)) for option in item.options)
    )


V2_1 = {
    "q2": "มีความต้องการหรือรู้สึกอยากใช้สารนี้อย่างรุนแรง บ่อยเพียงใด",
    "q4": "ทำสิ่งที่ควรทำตามปกติไม่ได้ เพราะการใช้สารนี้ บ่อยเพียงใด",
    "q5": "ญาติ เพื่อน หรือคนอื่น เคยแสดงความห่วงใยเรื่องการใช้สารนี้หรือไม่",
    "q6": "เคยพยายามลดหรือหยุดใช้สารนี้ แต่ทำไม่สำเร็จหรือไม่",
}
OAS_1 = {
    "self": {
        "2": "ขีดข่วนผิว ตีตัวเอง ดึงผม โขกศีรษะ หรือกรีดเป็นรอยเล็ก",
        "3": "ทำร้ายตนเองรุนแรง เลือดออก แผลลึก บาดเจ็บภายใน หรือหมดสติ",
    },
    "others": {
        "1": "หงุดหงิด ส่งเสียงดัง ตะโกนด่าด้วยคำไม่รุนแรง",
        "2": "ด่าหยาบคาย ทำท่าคุกคาม หรือขู่จะทำร้ายชัดเจน",
        "3": "ทำร้ายผู้อื่นจนบาดเจ็บ",
    },
    "property": {"3": "ทำลายข้าวของแตกหัก ขว้างของอันตราย หรือจุดไฟเผา"},
}
NINE_Q_1 = {
    "q6": "รู้สึกไม่ดีกับตัวเอง คิดว่าตัวเองล้มเหลว หรือทำให้ครอบครัวผิดหวัง",
    "q8": "พูดหรือทำอะไรช้าจนคนอื่นเห็นได้ หรือกระสับกระส่ายกว่าที่เคย",
}
SMI_V_1 = {
    "q1": "เคยทำร้ายตนเองรุนแรง โดยตั้งใจให้ตาย",
    "q2": "เคยทำร้ายผู้อื่น หรือก่อความรุนแรงในชุมชน",
    "q3": "มีความหลงผิดที่คิดจะฆ่าหรือทำร้ายผู้อื่น หรือระบุตัวคนที่จะทำร้าย",
    "q4": "เคยก่อคดีร้ายแรง (ฆ่า พยายามฆ่า ข่มขืน วางเพลิง)",
}
