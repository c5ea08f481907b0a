// One state, and word of its changes at most once a frame, or at once where it is asked for. Hidden pages have no frames: they
// use a timer.

const HIDDEN_PAUSE = 250;

export function createStore(state) {
  const listeners = new Set();
  let planned = false;

  function changed() {
    if (planned) return;
    planned = true;
    if (document.hidden) setTimeout(tell, HIDDEN_PAUSE);
    else requestAnimationFrame(tell);
  }

  function tell() {
    if (!planned) return;
    planned = false;
    for (const listener of listeners) listener(state);
  }

  // A frame asked for just before the page was hidden would never come.
  document.addEventListener("visibilitychange", tell);

  // Gives a function that ends it.
  function subscribe(listener) {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  return { state, changed, now: tell, subscribe };
}
