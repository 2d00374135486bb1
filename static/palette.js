// Going anywhere by a few letters: /go as a dialog over the page. What is typed is sent in a body and kept nowhere.
"use strict";

// Loaded when it is first asked for (app.js).
const openPalette = (() => {
  const dialog = document.getElementById("go"), field = document.getElementById("go-q");
  const list = document.getElementById("go-list");
  // What the list was asked for, what it shows, and whether Enter came before the list did.
  let asked = null, shown = null, waits = false;

  const options = () => [...list.querySelectorAll("[role=option]:not([aria-disabled])")];
  const chosen = () => document.getElementById(field.getAttribute("aria-activedescendant"));

  const choose = (option) => {
    options().forEach((each) => each.setAttribute("aria-selected", each === option));
    if (!option) return field.removeAttribute("aria-activedescendant");
    field.setAttribute("aria-activedescendant", option.id);
    option.scrollIntoView({ block: "nearest" });
  };

  const open = () => {
    if (dialog.open) return dialog.close();
    shown = null;
    dialog.showModal();
    field.focus();
    field.dispatchEvent(new Event("opened"));
  };

  field.addEventListener("keydown", (event) => {
    const all = options(), step = { ArrowDown: 1, ArrowUp: -1 }[event.code];
    if (event.isComposing) return;
    if (step && all.length) choose(all[(all.indexOf(chosen()) + step + all.length) % all.length]);
    else if (event.key === "Enter" && field.value === shown) chosen()?.click();
    else if (event.key === "Enter") waits = true;
    else return;
    event.preventDefault();
  });

  field.addEventListener("input", () => { waits = false; });
  field.addEventListener("htmx:beforeRequest", () => { asked = field.value; });
  list.addEventListener("htmx:afterSwap", () => {
    shown = asked;
    choose(options()[0]);
    if (waits) chosen()?.click();
    waits = false;
  });

  // A failure is told on the page below.
  for (const fault of ["htmx:responseError", "htmx:sendError"]) field.addEventListener(fault, () => dialog.close());
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  dialog.addEventListener("close", () => { field.value = ""; waits = false; list.replaceChildren(); });
  return open;
})();
