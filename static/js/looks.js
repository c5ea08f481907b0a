// How a person likes the page: applied here at once, told to the account, and kept for this browser's signed-out pages.

import * as storage from "./storage.js";
import { useLocale } from "./times.js";

const THEMES = ["light", "dark", "system"];

export function createLooks({ state, changed }, { api, locale }) {
  let asked = Promise.resolve(); // one choice after the other, in the order they were made
  let asking = 0;

  function apply(preferences) {
    const { theme, accent, density, clock } = preferences;
    state.preferences = preferences;
    Object.assign(document.documentElement.dataset, { theme, accent, density });
    storage.write("parley.looks", { theme, accent, density });
    useLocale(locale, clock);
    changed();
  }

  // Shows the choice before the server knows; takes it back and throws when it is refused.
  async function choose(given) {
    const before = Object.fromEntries(Object.keys(given).map((name) => [name, state.preferences[name]]));
    apply({ ...state.preferences, ...given });
    asking += 1;
    asked = asked.catch(() => {}).then(() => api.prefer(given));
    try {
      const { preferences } = await asked;
      if (asking === 1) apply(preferences);
    } catch (refusal) {
      apply({ ...state.preferences, ...before });
      throw refusal;
    } finally {
      asking -= 1;
    }
  }

  // While a choice of this page is on its way, word of an earlier one would turn it back for a moment.
  function heard({ preferences }) {
    if (!asking) apply(preferences);
  }

  // After a loss of the connection: another page may have chosen meanwhile.
  function refresh() {
    api.profile().then(heard, () => {});
  }

  function nextTheme() {
    return THEMES[(THEMES.indexOf(state.preferences.theme) + 1) % THEMES.length];
  }

  apply(state.preferences);
  return { choose, heard, nextTheme, refresh };
}
