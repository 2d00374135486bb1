"""A desk without a mouse: every act is a key, and what has the focus is seen at every stop."""

from __future__ import annotations

from dataclasses import dataclass

from playwright.async_api import Locator, Page

#: '' when what has the focus shows it (an outline of at least 2 px, inside the window), else what hides it
SEEN = """() => {
  const e = document.activeElement, style = getComputedStyle(e), box = e.getBoundingClientRect();
  const drawn = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;
  return e !== document.body && drawn && box.bottom > 0 && box.top < innerHeight ? '' : e.outerHTML.slice(0, 120);
}"""
#: the same, and whether it is the element or the selector that is wanted
REACHED = f"""(wanted) => [({SEEN})(), typeof wanted === 'string'
  ? document.activeElement.matches(wanted) : document.activeElement === wanted]"""
ROW = "[data-list] [data-item]"


@dataclass(frozen=True)
class Keyboard:
    """Somebody at a desk who touches nothing but keys. `wanted` is a selector, or a locator of one element."""

    page: Page

    async def press(self, key: str) -> None:
        """One key; whatever has the focus after it has to be seen."""
        await self.page.keyboard.press(key)
        assert not (hidden := await self.page.evaluate(SEEN)), f"a focus that nobody sees after {key}: {hidden}"

    async def to(self, wanted: str | Locator, most: int = 60) -> None:
        """Press Tab until the focus is on it; every stop on the way has to be seen."""
        sought = await wanted.element_handle() if isinstance(wanted, Locator) else wanted
        for _ in range(most):
            await self.page.keyboard.press("Tab")
            hidden, reached = await self.page.evaluate(REACHED, sought)
            assert not hidden, f"a focus that nobody sees: {hidden}"
            if reached:
                return
        raise AssertionError(f"{most} times Tab does not reach {wanted}")

    async def row(self, code: str) -> None:
        """To the row of this case: Tab into the list, unless the page has kept the place there, then arrows."""
        if not await self.page.evaluate(f"document.activeElement.closest('{ROW}') !== null"):
            await self.to(ROW)
        await self.press("Home")
        for _ in range(60):
            if await self.page.evaluate("document.activeElement.id") == code:
                return
            await self.press("ArrowDown")
        raise AssertionError(f"arrows do not reach {code}")

    async def choose(self, name: str, value: str) -> None:
        """One of a group of radio buttons, by Space and arrows."""
        await self.to(f"[name={name}]")
        await self.page.keyboard.press("Space")
        for _ in range(20):
            if await self.page.evaluate("document.activeElement.value") == value:
                return
            await self.press("ArrowDown")
        raise AssertionError(f"{name} cannot be {value}")

    async def write(self, name: str, text: str) -> None:
        await self.to(f"[name={name}]")
        await self.page.keyboard.type(text)

    async def enter(self) -> None:
        """Enter on what has the focus, up to the page that answers."""
        async with self.page.expect_navigation():
            await self.page.keyboard.press("Enter")
