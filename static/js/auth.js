// Comfort for the account forms, which work without it: show the password, advise on its strength.

import * as accounts from "./accounts.js";
import { strength } from "./password.js";

for (const button of document.querySelectorAll("[data-reveal]")) {
  const field = document.getElementById(button.dataset.reveal);
  button.hidden = false;
  button.addEventListener("click", () => {
    const shown = field.type === "text";
    field.type = shown ? "password" : "text";
    button.setAttribute("aria-pressed", String(!shown));
    field.focus();
  });
}

for (const meter of document.querySelectorAll("[data-meter]")) {
  const field = document.getElementById(meter.dataset.meter);
  const words = JSON.parse(meter.dataset.words);
  field.addEventListener("input", () => {
    const score = strength(field.value);
    meter.hidden = !field.value;
    meter.dataset.score = score;
    meter.querySelector("[role=status]").textContent = words[score - 1];
  });
}

document.querySelector("form[data-sign-out]")?.addEventListener("submit", () => {
  const slot = /\/u\/(\d)\/logout$/.exec(location.pathname)?.[1] ?? 0;
  accounts.forget(slot);
});
