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
  if (detail.requestConfig.verb !== "get") flash.replaceChildren();
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

// --- keys in a list: only while one of its rows has the focus; event.code, because a Thai layout sends Thai letters

const rowsOf = (list) => [...list.querySelectorAll("[data-item]")];

const oneTabStop = (list) => {
  const rows = rowsOf(list);
  const current = rows.find((row) => row.tabIndex === 0) || rows[0];
  rows.forEach((row) => { row.tabIndex = row === current ? 0 : -1; });
};

const prepareLists = () => document.querySelectorAll("[data-list]").forEach(oneTabStop);

const move = (rows, from, code) => {
  const last = rows.length - 1;
  const to = { ArrowDown: Math.min(from + 1, last), ArrowUp: Math.max(from - 1, 0), Home: 0, End: last }[code];
  rows[from].tabIndex = -1;
  rows[to].tabIndex = 0;
  rows[to].focus();
};

let anchor = null;

const tick = (rows, row, range) => {
  const box = row.querySelector("input[type=checkbox]");
  if (!box) return;
  const on = !box.checked;
  const start = range && anchor ? rows.indexOf(anchor) : rows.indexOf(row);
  const [first, last] = [start, rows.indexOf(row)].sort((a, b) => a - b);
  for (const each of rows.slice(Math.max(first, 0), last + 1)) {
    const other = each.querySelector("input[type=checkbox]");
    if (!other || other.checked === on) continue;
    other.checked = on;
    other.dispatchEvent(new Event("change", { bubbles: true }));
  }
  anchor = row;
};

document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.code === "KeyK") {
    const search = document.querySelector("[data-search], input[type=search]");
    if (!search) return;
    event.preventDefault();
    search.focus();
    search.select();
    return;
  }
  const row = event.target;
  if (!(row instanceof HTMLElement) || !row.matches("[data-list] [data-item]")) return;
  const rows = rowsOf(row.closest("[data-list]"));
  if (["ArrowDown", "ArrowUp", "Home", "End"].includes(event.code)) move(rows, rows.indexOf(row), event.code);
  else if (event.code === "Enter" || event.code === "NumpadEnter") row.querySelector("a[href]")?.click();
  else if (event.code === "Space") tick(rows, row, event.shiftKey);
  else return;
  event.preventDefault();
});

document.addEventListener("DOMContentLoaded", prepareLists);
document.body.addEventListener("htmx:load", prepareLists);
