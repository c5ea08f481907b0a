// The page's words: translated sentences and plurals. Dates and times are in times.js.
// Sentences are collected from literal t("…") and tn("…", "…", n) calls.

let messages = {};
let plural = { one: 0, other: 1 };
let rules = new Intl.PluralRules("en");

export async function loadCatalogue(url, locale) {
  rules = new Intl.PluralRules(locale);
  try {
    const answer = await fetch(url);
    if (answer.ok) ({ messages, plural } = await answer.json());
  } catch {
    // Without its catalogue the page speaks English, which is better than not at all.
  }
}

export function t(sentence, values = {}) {
  return fill(messages[sentence]?.[0] || sentence, values);
}

export function tn(one, many, count, values = {}) {
  const forms = messages[one];
  const form = forms ? forms[plural[rules.select(count)] ?? plural.other] : "";
  return fill(form || (count === 1 ? one : many), { count, ...values });
}

function fill(sentence, values) {
  return sentence.replace(/%\((\w+)\)[sd]/g, (hole, name) => values[name] ?? hole);
}
