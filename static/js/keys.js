// What the page's own keys do. See shortcuts.js for which they are.

import { openHelp } from "./keys_help.js";
import { conversationsByActivity, partnerOf, placeOf } from "./state.js";
import { openSwitcher } from "./switcher.js";

// Where a region is entered, by preference.
const ENTRANCES = [
  "[data-log]",
  "[data-composer]",
  '[data-row][aria-current="true"]',
  "[data-search]",
  "button:not([disabled]), [href], input, [tabindex='0']",
];

// `layer` is where dialogs are drawn; `open(place)`, `toEnd()`, `find(texts)`, `seek()`, `leanBack()` act.
export function createKeys(store, { layer, open, toEnd, find, seek, leanBack }) {
  const { state } = store;

  const actions = {
    nextRegion: () => region(1),
    previousRegion: () => region(-1),
    nextConversation: () => conversation(1),
    previousConversation: () => conversation(-1),
    newest: toEnd,
    seek,
    leanBack,
    day: () => document.querySelector("[data-day][data-reached]")?.click(),
    switcher: () => openSwitcher(store, { layer, open, find }),
    help: () => openHelp(layer),
  };

  function region(step) {
    const entrances = [...document.querySelectorAll("[data-region]")].map(entranceOf).filter(Boolean);
    const here = entrances.findIndex((one) => one.closest("[data-region]").contains(document.activeElement));
    const next = here < 0 && step < 0 ? -1 : here + step;
    entrances.at(next % entrances.length)?.focus();
  }

  function entranceOf(region) {
    const found = ENTRANCES.map((selector) => region.querySelector(selector));
    return found.find((one) => one?.checkVisibility() && !one.disabled);
  }

  function conversation(step) {
    const all = conversationsByActivity(state);
    const here = all.indexOf(state.open?.conversation);
    const next = here < 0 ? all[0] : all[here + step];
    if (next) open(placeOf(partnerOf(state, next)));
  }

  return { press: (name) => actions[name]() };
}
