// The desk's own script. Everything works without it: it adds focus after a swap, polling, and keys in lists.
"use strict";

// A morph must not wipe what somebody is typing.
Idiomorph.defaults.ignoreActiveValue = true;

// --- focus: what was pressed decides, a poll or a search while typing never moves it

const focusOn = (part) => {
  const target = part.querySelector(".error-summary") || part.querySelector("[data-focus]");
  if (!target) return false;
  target.setAttribute("tabindex", "-1");
  target.focus();
  return true;
};

document.addEventListener("DOMContentLoaded", () => {
  const summary = document.querySelector(".error-summary");
  if (summary) summary.focus();
});

document.body.addEventListener("htmx:afterSettle", ({ detail }) => {
  const pressed = detail.requestConfig?.triggeringEvent?.type;
  if (pressed === "submit" || pressed === "click") focusOn(detail.elt);
});

const flash = document.getElementById("flash");

document.body.addEventListener("htmx:sendError", () => {
  const note = document.createElement("p");
  note.className = "notice danger";
  note.setAttribute("role", "alert");
  note.textContent = flash.dataset.offline;
  flash.replaceChildren(note);
  flash.scrollIntoView({ block: "nearest" });
});

document.body.addEventListener("htmx:afterSwap", ({ detail }) => {
  if (detail.target === flash) flash.scrollIntoView({ block: "nearest" });
});

// A new act clears the message of the last one.
document.body.addEventListener("htmx:beforeRequest", ({ detail }) => {
  if (detail.requestConfig.verb !== "get" && !detail.elt.closest("dialog")) flash.replaceChildren();
});

// --- polling: event "refresh" on whoever waits for it; 3 s twenty times, then 60 s; none while hidden

const WATCHED = "[hx-trigger*='refresh']";
const QUICK = 3000, SLOW = 60000, QUICK_TURNS = 20;
let turns = 0, timer;

const poll = () => {
  clearTimeout(timer);
  if (document.hidden || !document.querySelector(WATCHED)) return;
  timer = setTimeout(() => {
    turns += 1;
    document.querySelectorAll(WATCHED).forEach((part) => {
      // Rows that somebody has ticked hold still until the choice is used.
      if (!part.querySelector(":checked")) part.dispatchEvent(new Event("refresh"));
    });
    poll();
  }, turns < QUICK_TURNS ? QUICK : SLOW);
};

const wake = () => {
  const slept = turns >= QUICK_TURNS;
  turns = 0;
  if (slept || document.hidden) poll();
};

document.addEventListener("visibilitychange", () => { turns = 0; poll(); });
document.addEventListener("pointerdown", wake);
document.addEventListener("keydown", wake);
document.addEventListener("DOMContentLoaded", poll);
document.body.addEventListener("htmx:load", poll);

// --- going anywhere: the palette comes over the line when it is first asked for

const opener = document.querySelector("[data-go]");
let palette;

const go = (event) => {
  event.preventDefault();
  palette ||= new Promise((resolve) => {
    const script = document.createElement("script");
    script.src = opener.dataset.go;
    script.onload = resolve;
    script.onerror = () => { location.href = opener.href; };
    document.head.append(script);
  });
  palette.then(() => openPalette());
};

if (opener) {
  opener.querySelector("kbd").hidden = false;
  opener.addEventListener("click", (event) => {
    if (!event.ctrlKey && !event.metaKey && !event.shiftKey) go(event);
  });
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.code === "KeyK") go(event);
  });
}

// --- lists: one stop of Tab for each; event.code, because a Thai layout sends Thai letters

const LIST = "[data-list]", ROW = "[data-list] [data-item]", KEPT = "khuen-row";

const rowsOf = (list) => [...list.querySelectorAll("[data-item]")];
const boxOf = (row) => row.querySelector("input[type=checkbox]");

const stopAt = (rows, row) => rows.forEach((each) => { each.tabIndex = each === row ? 0 : -1; });

const prepareLists = () => document.querySelectorAll(LIST).forEach((list) => {
  const rows = rowsOf(list), held = document.activeElement;
  stopAt(rows, rows.find((row) => row.contains(held)) || rows.find((row) => row.tabIndex === 0) || rows[0]);
});

const goTo = (rows, row) => {
  if (!row) return;
  stopAt(rows, row);
  row.focus();
};

const set = (box, on) => {
  if (!box || box.checked === on) return;
  box.checked = on;
  box.dispatchEvent(new Event("change", { bubbles: true }));
};

// A range goes from the row that was ticked last; what becomes of this row becomes of all of them.
let anchor = null;

const tick = (rows, row, on, range) => {
  const start = range && rows.includes(anchor) ? rows.indexOf(anchor) : rows.indexOf(row);
  const [first, last] = [start, rows.indexOf(row)].sort((a, b) => a - b);
  rows.slice(first, last + 1).forEach((each) => set(boxOf(each), on));
  anchor = row;
};

document.addEventListener("click", (event) => {
  const at = event.target, row = at.closest(ROW), all = at.closest("[data-tick]");
  if (row && at === boxOf(row)) tick(rowsOf(row.closest(LIST)), row, at.checked, event.shiftKey);
  if (all) {
    event.preventDefault();
    document.querySelectorAll(ROW).forEach((each) => set(boxOf(each), all.dataset.tick !== "none"));
  }
  if (at.closest("[data-print]")) print();
});

// Keys of a list work only while the focus is in one of its rows; the letters can be switched off (WCAG 2.1.4).
const LETTERS = { KeyJ: "ArrowDown", KeyK: "ArrowUp", KeyX: "Space", KeyA: "act" };
const lettersOn = () => localStorage.getItem("khuen-letters") !== "off";

const prepareLetters = () => document.querySelectorAll("[data-letters]").forEach((part) => {
  part.hidden = false;
  part.querySelector("input").checked = lettersOn();
});

document.addEventListener("change", ({ target }) => {
  if (target.closest("[data-letters]")) localStorage.setItem("khuen-letters", target.checked ? "on" : "off");
});

const showKeys = async () => {
  const link = document.querySelector("[data-keys]");
  if (!link || document.querySelector("dialog[open]")) return;
  const sheet = document.body.appendChild(document.createElement("dialog"));
  sheet.setAttribute("aria-labelledby", "keys-title");
  sheet.addEventListener("click", (event) => { if (event.target === sheet) sheet.close(); });
  sheet.addEventListener("close", () => sheet.remove());
  await htmx.ajax("GET", link.href, { target: sheet, swap: "innerHTML" });
  prepareLetters();
  sheet.showModal();
};

// Whoever presses a key in a row finds the place again on the next board: its number is kept, never who it is. With the
// number of rows: where an act took no row away, the next row is the place to go on.
const press = (rows, row, control) => {
  if (!control) return;
  const acts = control.matches(`${ROW} button`);
  if (row?.closest("#list")) sessionStorage.setItem(KEPT, `${rows.indexOf(row)} ${acts ? rows.length : ""}`);
  control.click();
};

const findAgain = () => {
  const kept = sessionStorage.getItem(KEPT), board = document.querySelector("#list[data-list]");
  if (kept === null || !board || document.querySelector(".error-summary")) return;
  sessionStorage.removeItem(KEPT);
  const rows = rowsOf(board), [at, before] = kept.split(" ").map(Number);
  goTo(rows, rows[Math.min(before === rows.length ? at + 1 : at, rows.length - 1)]);
  if (!flash.innerText.trim()) return;
  // What was done is told at the top, where nobody looks now: it is said, and shown below until the next key.
  document.getElementById("live").textContent = flash.innerText;
  flash.classList.add("over");
  document.addEventListener("keydown", () => flash.classList.remove("over"), { once: true });
};

const inRow = (rows, row, key, event) => {
  const at = rows.indexOf(row), last = rows.length - 1, own = event.target === row;
  const to = { ArrowDown: Math.min(at + 1, last), ArrowUp: Math.max(at - 1, 0), Home: 0, End: last }[key];
  if (to !== undefined) goTo(rows, rows[to]);
  else if (key === "act") press(rows, row, row.querySelector("td:last-child .button"));
  else if (own && (key === "Enter" || key === "NumpadEnter")) press(rows, row, row.querySelector("a[href]"));
  else if (key === "Space" && boxOf(row) && (own || event.code === "KeyX")) {
    tick(rows, row, !boxOf(row).checked, event.shiftKey);
  } else return;
  event.preventDefault();
};

document.addEventListener("keydown", (event) => {
  const at = event.target;
  if (event.ctrlKey || event.metaKey || event.altKey || !(at instanceof HTMLElement)) return;
  if (at.matches("input:not([type=checkbox]), select, textarea")) return;
  const letter = lettersOn() && LETTERS[event.code];
  if (lettersOn() && event.code === "KeyU") {
    const rows = rowsOf(document);
    press(rows, rows.find((each) => each.tabIndex === 0), document.querySelector("#undo button"));
  }
  if (lettersOn() && event.key === "?") showKeys();
  const row = at.closest(ROW);
  if (row) inRow(rowsOf(row.closest(LIST)), row, letter || event.code, event);
  else if (letter && at === document.body) {
    const rows = rowsOf(document);
    goTo(rows, rows.find((each) => each.tabIndex === 0));
  }
});

document.addEventListener("DOMContentLoaded", () => {
  prepareLists();
  prepareLetters();
  document.querySelectorAll("[data-print]").forEach((button) => { button.hidden = false; });
  findAgain();
});
document.body.addEventListener("htmx:load", prepareLists);
