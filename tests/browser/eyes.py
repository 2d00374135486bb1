"""What a tester with a screen, a thumb and a screen reader would complain about, as text lines."""

from __future__ import annotations

from typing import Any

from axe_playwright_python.base import AXE_SCRIPT  # type: ignore[import-untyped]
from playwright.async_api import Page

WIDTHS = (320, 360, 768, 1280)
#: axe is slow, and at 320 px it sees what it sees at 360
AXE_WIDTHS = (360, 768, 1280)
#: only what is wrong is collected: all that is right would be most of the work
AXE = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
}
#: Contrast is four fifths of the work. The fiftieth row of a list has the colours of the first ones: of siblings that
#: differ in nothing but text and addresses three are looked at (odd, even and one more). And where the same texts stand
#: in the same colours and sizes as at another width, they need no second look. By all other rules everything is judged.
LOOK = """async (options) => {
  const shape = (e) => e.outerHTML.replace(/>[^<]+/g, '>').replace(/\\b(href|id|for|name|value|title|datetime|action|formaction|aria-label|aria-labelledby|aria-describedby|hx-[a-z]+)="[^"]*"/g, '');
  const same = [];
  for (const parent of document.body.querySelectorAll('*')) {
    if (parent.childElementCount < 4) continue;
    const counts = new Map();
    for (const child of parent.children) {
      const key = shape(child), count = (counts.get(key) ?? 0) + 1;
      counts.set(key, count);
      if (count > 3) same.push(child);
    }
  }
  const colours = [...document.body.querySelectorAll('*')].map((e) => {
    if (!e.checkVisibility()) return '';
    const s = getComputedStyle(e);
    return [s.color, s.backgroundColor, s.backgroundImage, s.opacity, s.fontSize, s.fontWeight].join();
  }).join(';');
  const found = await axe.run(document, { ...options, rules: { 'color-contrast': { enabled: false } } });
  window.looked ??= new Set();
  if (window.looked.has(colours)) return found.violations;
  window.looked.add(colours);
  const contrast = { runOnly: { type: 'rule', values: ['color-contrast'] }, resultTypes: ['violations'] };
  const poor = await axe.run({ include: document, exclude: same }, contrast);
  return found.violations.concat(poor.violations);
}"""

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
        violations = await page.evaluate(LOOK, AXE)
        found += [_violation(violation) for violation in violations]
    return found


def _violation(violation: dict[str, Any]) -> str:
    where = "; ".join(str(node["target"]) for node in violation["nodes"][:3])
    return f"axe {violation['id']}: {violation['help']} at {where}"
