"""What a tester with a screen, a thumb and a screen reader would complain about, as text lines."""

from __future__ import annotations

from typing import Any

from axe_playwright_python.base import AXE_SCRIPT  # type: ignore[import-untyped]
from playwright.async_api import Page

WIDTHS = (320, 768, 1280, 360)
#: axe is slow, and at 320 px it sees what it sees at 360
AXE_WIDTHS = (360, 768, 1280)
#: only what is wrong is collected: all that is right would be most of the work
AXE = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
}
#: rules whose answer may be another at another width though the same things are seen
BY_LAYOUT = ["target-size", "scrollable-region-focusable", "link-in-text-block"]
#: What was found good is not asked again (`good`, by marks). Contrast, four fifths of the work: a part with the same tags
#: and classes in the same colours and sizes on the same ground, all the way down: the fiftieth row of a list, the menu of
#: the next page. All other rules look at the whole page at its first width; at a further one only those that ask for
#: places and sizes, unless other things are seen there, as when a menu unfolds, and not because of the same change as on
#: a page before.
LOOK = """async ([options, byLayout, good]) => {
  const mark = (text) => {
    let a = 0xdeadbeef, b = 0x41c6ce57;
    for (let i = 0; i < text.length; i++) {
      a = Math.imul(a ^ text.charCodeAt(i), 2654435761);
      b = Math.imul(b ^ text.charCodeAt(i), 1597334677);
    }
    return ((b >>> 0) * 2097152 + (a >>> 11)).toString(36);
  };
  const known = new Set(good.split(' ')), marks = new Map(), judged = [], same = [], places = [];
  const read = (e, ground) => {
    const s = getComputedStyle(e), seen = e.checkVisibility();
    const kind = [e.tagName, e.className.baseVal ?? e.className, e.type, e.disabled, e.ariaDisabled];
    places.push([...kind, seen, s.position, s.clipPath, s.opacity === '0'].join());
    const bare = s.backgroundImage === 'none' && s.opacity === '1' && s.backgroundColor === 'rgba(0, 0, 0, 0)';
    const under = bare ? ground : mark(`${ground} ${s.backgroundColor} ${s.backgroundImage} ${s.opacity}`);
    const says = Boolean(e.value) || [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
    const look = [...kind, says, s.color, s.fontSize, s.fontWeight, s.textShadow];
    const within = [...new Set([...e.children].map((child) => read(child, under)))].sort();
    marks.set(e, mark([under, ...(seen ? look : []), ...within].join()));
    return marks.get(e);
  };
  const choose = (e) => {
    if (known.has(marks.get(e))) return same.push(e);
    known.add(marks.get(e));
    judged.push(marks.get(e));
    for (const child of e.children) choose(child);
  };
  read(document.body, '');
  choose(document.body);
  const before = window.width === innerWidth ? [] : window.places ?? [];
  Object.assign(window, { places, width: innerWidth });
  const change = mark(places.filter((place, n) => place !== before[n]).join('|'));
  const found = await axe.run(document, places.length === before.length && known.has(change)
    ? { ...options, runOnly: { type: 'rule', values: byLayout } }
    : { ...options, rules: { 'color-contrast': { enabled: false } } });
  const contrast = { ...options, runOnly: { type: 'rule', values: ['color-contrast'] } };
  if (judged.length) found.violations.push(...(await axe.run({ include: document, exclude: same }, contrast)).violations);
  return [found.violations, [change, ...judged].join(' ')];
}"""
_good: set[str] = set()  #: marks of what this process has found good

#: What a page is made of: tags, classes and kinds of fields, each once, without text and addresses
PARTS = """() => {
  const parts = (e) => `${e.tagName}.${e.className.baseVal ?? e.className}${e.type ?? ''}${e.hidden ? '-' : ''}(${
    [...new Set([...e.children].map(parts))].join()})`;
  return parts(document.querySelector('main') ?? document.body);
}"""

#: The box of a target is what answers a tap: a control together with its label. Links inside a sentence are exempt
#: (WCAG 2.5.8), as is what is not drawn.
TARGETS = """(least) => {
  const faults = [];
  const seen = { opacityProperty: true, visibilityProperty: true };
  const drawn = (e) => e.checkVisibility(seen) && !e.closest('.sr, .skip');
  const inText = (e) => {
    if (e.tagName !== 'A' || getComputedStyle(e).display !== 'inline') return false;
    const text = e.parentElement.textContent.replace(e.textContent, '').trim();
    return text.length > 0 && ['P', 'LI', 'DD', 'TD'].includes(e.parentElement.tagName);
  };
  for (const e of document.querySelectorAll('a[href], button, input:not([type=hidden]), select, textarea, summary')) {
    if (!drawn(e) || inText(e)) continue;
    const boxes = [e, ...(e.labels ?? [])].map((b) => b.getBoundingClientRect());
    const after = getComputedStyle(e, '::after');
    if (after.position === 'absolute' && after.inset === '0px') boxes.push(e.offsetParent.getBoundingClientRect());
    const width = Math.max(...boxes.map((b) => b.width)), height = Math.max(...boxes.map((b) => b.height));
    if (Math.min(width, height) < least - 0.5)
      faults.push(`${Math.round(width)}x${Math.round(height)} ${e.outerHTML.slice(0, 90)}`);
  }
  return faults;
}"""

SIDEWAYS = """() => {
  const page = document.documentElement;
  if (page.scrollWidth <= page.clientWidth) return [];
  return [...document.body.querySelectorAll('*')]
    .filter((e) => e.getBoundingClientRect().right > page.clientWidth + 1 && !e.closest('.scroller, .sr'))
    .slice(0, 3).map((e) => e.outerHTML.slice(0, 90)).concat(`page is ${page.scrollWidth} px wide`);
}"""


def listen(page: Page) -> list[str]:
    """Start collecting what the browser's console complains about: script errors and broken content policy."""
    heard: list[str] = []
    page.on("console", lambda message: heard.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: heard.append(str(error)))
    return heard


async def faults(
    page: Page, url: str, *, phone: bool = False, widths: tuple[int, ...] = WIDTHS, known: set[str] | None = None
) -> list[str]:
    """Every fault of a page at each width: axe, sideways scroll, small targets, console. [] is a good page.

    `phone` asks for the targets of a buddy's page: 48 px instead of 24. Last comes text of twice the size at 360 px.
    A page that is made of the same parts as one that is `known` is not looked at again.
    """
    heard = listen(page)
    await page.goto(url)
    if known is not None:
        parts = await page.evaluate(PARTS)
        if parts in known:
            return [f"console: {line}" for line in heard]
        known.add(parts)
    await page.evaluate(AXE_SCRIPT)
    found: list[str] = []
    for width in widths:
        await page.set_viewport_size({"width": width, "height": 740})
        found += [f"{width}: {fault}" for fault in await present(page, 48 if phone else 24, width in AXE_WIDTHS)]
    await page.set_viewport_size({"width": 360, "height": 740})
    await page.evaluate("document.documentElement.style.fontSize = '200%'")
    found += [f"360 at 200 % text: sideways: {line}" for line in await page.evaluate(SIDEWAYS)]
    return found + [f"console: {line}" for line in heard]


async def present(page: Page, least: int, axe: bool) -> list[str]:
    found = [f"sideways: {line}" for line in await page.evaluate(SIDEWAYS)]
    found += [f"target under {least} px: {line}" for line in await page.evaluate(TARGETS, least)]
    if axe:
        violations, good = await page.evaluate(LOOK, [AXE, BY_LAYOUT, " ".join(_good)])  # a list takes longer than axe
        _good.update(good.split() if not violations else ())
        found += [_violation(violation) for violation in violations]
    return found


def _violation(violation: dict[str, Any]) -> str:
    where = "; ".join(str(node["target"]) for node in violation["nodes"][:3])
    return f"axe {violation['id']}: {violation['help']} at {where}"
