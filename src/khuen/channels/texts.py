"""What a message says, in every form: templates/messages/<kind>/{line.txt,sms.txt,subject.txt,body.txt,body.html}.

A text is given a count, a link and (an alert) a case code, and nothing else: no lock screen can say more than
"two people wait", or "CPM-0007: look at once".
"""

from __future__ import annotations

from functools import cache

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from khuen import words
from khuen.channels import Texts
from khuen.paths import folder


def write(kind: str, *, count: int, link: str, code: str = "", lang: str = words.DEFAULT) -> Texts:
    """Raises jinja2.TemplateNotFound for a kind without texts."""

    def said(part: str) -> str:
        template = _environment(lang, part.endswith(".html")).get_template(f"messages/{kind}/{part}")
        return template.render(count=count, link=link, code=code, lang=lang).strip()

    return Texts(
        said("line.txt"), said("sms.txt"), " ".join(said("subject.txt").split()), said("body.txt"), said("body.html")
    )


@cache
def _environment(lang: str, escaped: bool) -> Environment:
    env = Environment(loader=FileSystemLoader(folder("templates")), auto_reload=False, extensions=["jinja2.ext.i18n"])
    words.install(env, lang)
    env.autoescape, env.undefined = escaped, StrictUndefined
    return env
