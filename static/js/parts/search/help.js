// What a search can say besides words, under an empty field that somebody came to. It lies over the list, so it does not
// open by itself when a search is cleared.

import { nothing, render } from "../../../vendor/lit-html/lit-html.js";
import { help } from "../../operators.js";

const COMING = ["Tab", "F6", "KeyF"]; // keys that lead to the field

// `around` holds the field, `put(text)` writes into it.
export function createHelp(field, around, put) {
  const mount = document.createElement("div");
  mount.className = "search-help";
  mount.dataset.searchHelp = "";
  mount.hidden = true;
  around.append(mount);

  field.addEventListener("click", () => show(!field.value));
  field.addEventListener("keyup", ({ code }) => COMING.includes(code) && show(!field.value));
  field.addEventListener("input", () => show(false));
  around.addEventListener("focusout", ({ relatedTarget }) => !around.contains(relatedTarget) && show(false));
  around.addEventListener("keydown", escape, { capture: true });
  mount.addEventListener("pointerdown", (event) => event.preventDefault()); // the focus stays
  show(document.activeElement === field && !field.value && !("used" in field.dataset)); // whoever came first has waited for this file

  function show(shown) {
    mount.hidden = !shown;
    render(shown ? help(put) : nothing, mount);
  }

  function escape(event) {
    if (event.key !== "Escape" || mount.hidden) return;
    event.stopPropagation();
    event.preventDefault();
    field.focus();
    show(false);
  }
}
