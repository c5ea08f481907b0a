// When to doubt the connection: after being hidden for long, after a sleep, when the network is said to be back.

const LONG = 60_000;
const TICK = 15_000;
const SLEPT = { shown: 45_000, hidden: 150_000 }; // browsers themselves slow the clock of a hidden page to a minute

export function watch(doubt) {
  let hiddenAt = null;
  let ticked = Date.now();

  function turned() {
    if (document.hidden) {
      hiddenAt ??= Date.now();
      return;
    }
    if (hiddenAt !== null && Date.now() - hiddenAt > LONG) doubt();
    hiddenAt = null;
  }

  function tick() {
    const passed = Date.now() - ticked;
    ticked = Date.now();
    if (passed > SLEPT[document.hidden ? "hidden" : "shown"]) doubt();
  }

  document.addEventListener("visibilitychange", turned);
  window.addEventListener("online", doubt);
  window.addEventListener("pageshow", (event) => event.persisted && doubt());
  setInterval(tick, TICK);
  turned();
}
