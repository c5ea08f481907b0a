// Comfort for the account forms, which work without it: show the password, advise on its strength.

import * as accounts from "./accounts.js";

const COMMON = /^(password|parol|пароль|qwerty|йцукен|letmein|admin|welcome|iloveyou|abc)|^(.)\2+$|0?123456/iu;
const LONG = 16;
const FAIR = 10;

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

// 1–4: length counts most, variety helps, well-known beginnings do not. It advises; the server decides.
function strength(password) {
  const kinds = [/\p{Ll}/u, /\p{Lu}/u, /\p{Lo}/u, /\p{N}/u, /[^\p{L}\p{N}]/u].filter((kind) => kind.test(password)).length;
  const varied = new Set(password).size;
  if (COMMON.test(password) || varied < 5) return 1;
  const score = 1 + Number(password.length >= FAIR) + Number(password.length >= LONG) + Number(kinds >= 3);
  return Math.min(4, score);
}
