// Keys of the meeting: PageDown and PageUp (a clicker sends them), arrows while nothing is being typed.
"use strict";

const FORWARD = ["PageDown", "ArrowRight", "ArrowDown"], BACK = ["PageUp", "ArrowLeft", "ArrowUp"];
const form = document.querySelector(".decide"), said = document.getElementById("said");
let warned = false;

const changed = (field) => {
  if (field.tagName === "SELECT") return ![...field.options].every((o) => o.selected === o.defaultSelected);
  return field.type !== "hidden" && (field.type === "checkbox" ? field.checked !== field.defaultChecked : field.value !== field.defaultValue);
};

// What somebody has begun to write is not lost by one press.
const unsaved = () => {
  const text = form?.elements.text;
  if (!text || warned || !changed(text)) return false;
  warned = true;
  said.textContent = form.dataset.unsaved;
  text.focus();
  return true;
};

document.addEventListener("keydown", (event) => {
  const forward = FORWARD.includes(event.code), back = BACK.includes(event.code);
  if (!(forward || back) || event.altKey || event.ctrlKey || event.metaKey) return;
  const typing = event.target.matches("input, select, textarea");
  if (typing && (event.target.tagName === "SELECT" || event.code.startsWith("Arrow"))) return;
  const button = document.querySelector(`[data-turn=${forward ? "next" : "previous"}]`);
  if (!button) return;
  event.preventDefault();
  if (!unsaved()) button.click();
});
