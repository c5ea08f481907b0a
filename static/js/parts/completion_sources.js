// What can be completed while one writes: emoji after `:`, people after `@`, and whom to whisper to after `/w`.

import { html } from "../../vendor/lit-html/lit-html.js";
import { load, search, toned, use, withCode } from "../emoji.js";
import { t, tn } from "../i18n.js";
import { face, nameOf } from "../pieces.js";

const OFFERED = 8;
const WHOLE = /(?:^|[\s\p{Ps}\p{Pi}"'])(:([\w+-]{2,40}):)$/u;

// `:hea` offers hearts, `:heart:` is one.
export function emoji() {
  return {
    label: t("Emoji"),
    begun: /(?:^|[\s\p{Ps}\p{Pi}"'])(:[\p{L}\p{N}_+-]{2,40})$/u,
    offer: async (word) => search(await load(), word.slice(1), OFFERED),
    whole,
    count: (number) => tn("%(count)s emoji suggested", "%(count)s emoji suggested", number),
    text: use,
    draw: (one) => html`<span class="emoji" aria-hidden="true">${toned(one)}</span><span class="completion__name">${one.name}</span>
      <span class="completion__code" dir="ltr" translate="no">:${one.codes[0]}:</span>`,
  };

  async function whole(before) {
    const [, word, code] = WHOLE.exec(before) ?? [];
    const known = word && withCode(await load().catch(() => []), code);
    return known ? { word, text: use(known) } : null;
  }
}

// `find(text)` gives the people of the conversation whose names begin so.
export function mentions(find) {
  return people({ begun: /(?:^|[^\p{L}\p{N}@._-]|[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}])(@[\p{L}\p{Mn}\p{Mc}\p{Nd}_.-]{0,32})$/u, mark: "@", find });
}

export function whispers(find) {
  return people({ begun: /^\/w\s+(@?[\p{L}\p{Mn}\p{Mc}\p{Nd}_.-]{0,32})$/u, mark: "", find: (text) => find(text, { whispering: true }) });
}

function people({ begun, mark, find }) {
  return {
    label: t("People"),
    begun,
    offer: async (word) => (await find(word.replace("@", ""))).slice(0, OFFERED),
    count: (number) => tn("%(count)s person suggested", "%(count)s people suggested", number),
    text: ({ username }) => `${mark}${username} `,
    draw: (person) => html`${face(person)}<span class="completion__name"><bdi>${nameOf(person)}</bdi></span>
      <span class="completion__code" dir="ltr" translate="no">@${person.username}</span>`,
  };
}
