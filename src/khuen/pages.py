"""How pages are compiled: with the words already in them, and with an escape that makes no object.

A board says hundreds of messages and escapes a thousand values; these two are half of its cost (docs/performance.md).
"""

from __future__ import annotations

import re
from html import escape as escape_text
from typing import Any

from jinja2 import Environment, nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.visitor import NodeTransformer
from markupsafe import Markup, escape

from khuen import words

_wants_escape = re.compile("[&<>\"']").search  # quicker than five replacements that find nothing


def escaped(value: Any) -> str:
    """What stands in the page for a value. Jinja's own makes a Markup of every text, which nobody looks at."""
    kind = type(value)
    if kind is str:
        return escape_text(value) if _wants_escape(value) else value
    if kind is Markup:
        return str.__str__(value)
    return escape(value)


class _Generator(CodeGenerator):
    def _output_child_pre(self, node: nodes.Expr, frame: Frame, finalize: CodeGenerator._FinalizeInfo) -> None:
        if frame.eval_ctx.volatile or not frame.eval_ctx.autoescape or finalize.src is not None:
            super()._output_child_pre(node, frame, finalize)
        else:
            self.write("environment.escaped(")


class Pages(Environment):
    """The environment of every page."""

    code_generator_class = _Generator
    escaped = staticmethod(escaped)
    lang = words.DEFAULT

    def _generate(self, source: nodes.Template, *rest: Any, **more: Any) -> str:
        return super()._generate(_Spoken(self.lang).visit(source), *rest, **more)


class _Spoken(NodeTransformer):
    """`_("…")` becomes its words, `_("…", n=3)` becomes its words filled in; a message that is a value stays a call."""

    def __init__(self, lang: str) -> None:
        self.lang = lang

    def visit_Call(self, node: nodes.Call) -> nodes.Node:
        self.generic_visit(node)
        match node:
            case nodes.Call(node=nodes.Name(name="_"), args=[nodes.Const(value=str(msgid))], kwargs=given):
                said = Markup(words.gettext(msgid, self.lang))
                if not given:
                    return nodes.Const(said % {}, lineno=node.lineno)
                values = [nodes.Pair(nodes.Const(each.key), each.value) for each in given]
                return nodes.Mod(nodes.Const(said), nodes.Dict(values), lineno=node.lineno)
        return node
