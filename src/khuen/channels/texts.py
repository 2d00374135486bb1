"""What a message says, in every form: templates/messages/<kind>/{line.txt,sms.txt,subject.txt,body.txt,body.html}.

A text is given a count, a link and (an alert) a case code, and nothing else: no lock screen can say more than
"two people wait", or "CPM-0007: look at once". A district may have its own words for a kind (khuen.outgoing).
"""

from __future__ import annotations

from functools import cache

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from khuen import outgoing, words
from khuen.channels import Texts
from khuen.district import MessageText
from khuen.paths import folder


def write(
    kind: str, *, count: int, link: str, code: str = "", own: MessageText | None = None, lang: str = words.DEFAULT
) -> Texts:
    """`own` are the district's words in place of the standard ones.

    Raises jinja2.TemplateNotFound for a kind without texts.
    """
    if own is not None:
        return _own(own, count=count, link=link, code=code, lang=lang)

    def said(part: str) -> str:
        template = _environment(lang, part.endswith(".html")).get_template(f"messages/{kind}/{part}")
        to = _outside(link) if part == "line.txt" else link
        return template.render(count=count, link=to, code=code, lang=lang).strip()

    return Texts(
        said("line.txt"), said("sms.txt"), " ".join(said("subject.txt").split()), said("body.txt"), said("body.html")
    )


def standard(kind: str) -> MessageText:
    """The standard words with the place where the figure or the case code comes."""
    env = _environment(words.DEFAULT, False)
    values = {"count": outgoing.COUNT, "code": outgoing.CODE, "link": "", "lang": words.DEFAULT}
    said, subject = (
        env.get_template(f"messages/{kind}/{part}").render(**values) for part in ("sms.txt", "subject.txt")
    )
    return MessageText(said=said.strip(), subject=subject.strip())


def _own(own: MessageText, *, count: int, link: str, code: str, lang: str) -> Texts:
    said, subject = (outgoing.filled(text, count=count, code=code) for text in (own.said, own.subject))
    values = {"said": said, "link": link, "lang": lang}
    body, html = (
        _environment(lang, name.endswith(".html")).get_template(f"messages/{name}").render(**values).strip()
        for name in ("_own.txt", "_own.html")
    )
    return Texts(f"{said}\n{_outside(link)}", f"{said} {link}", subject, body, html)


def _outside(link: str) -> str:
    """LINE's own browser keeps no page for later: this parameter of LINE's opens the phone's browser instead."""
    return f"{link}?openExternalBrowser=1" if link else ""


@cache
def _environment(lang: str, escaped: bool) -> Environment:
    env = Environment(loader=FileSystemLoader(folder("templates")), auto_reload=False, extensions=["jinja2.ext.i18n"])
    words.install(env, lang)
    env.autoescape, env.undefined = escaped, StrictUndefined
    return env
