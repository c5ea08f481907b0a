// Who came and went, and what became of the room, in words. Several neighbours are one line: "Anna, Boris and 12 others joined".

import { html } from "../vendor/lit-html/lit-html.js";
import { t, tn } from "./i18n.js";
import { nameOf } from "./pieces.js";

const NAMED = 2;

export function lineOf(messages) {
  const kinds = [...new Set(messages.map(({ kind }) => kind))];
  const sentences = kinds.map((kind) => (words[kind] ?? other)(messages.filter((one) => one.kind === kind)));
  return html`<bdi>${sentences.join(" · ")}</bdi>`;
}

const words = {
  created: ([{ sender }]) => t("%(name)s made this room", { name: nameOf(sender) }),
  joined: (all) => {
    const { names, count } = named(all.map(({ sender }) => sender));
    return tn("%(names)s joined", "%(names)s joined", count, { names });
  },
  left: (all) => {
    const { names, count } = named(all.map(({ sender }) => sender));
    return tn("%(names)s left", "%(names)s left", count, { names });
  },
  invited: (all) => {
    const { names } = named(all.map(({ subject }) => subject));
    return t("%(name)s invited %(names)s", { name: nameOf(all[0].sender), names });
  },
  removed: (all) => {
    const { names } = named(all.map(({ subject }) => subject));
    return t("%(name)s removed %(names)s", { name: nameOf(all[0].sender), names });
  },
  promoted: ([{ subject, body }]) => {
    const name = nameOf(subject);
    return body === "moderator" ? t("%(name)s is a moderator now", { name }) : t("%(name)s is no longer a moderator", { name });
  },
  handed_over: ([{ sender, subject }]) => t("%(name)s handed the room over to %(other)s", { name: nameOf(sender), other: nameOf(subject) }),
  renamed: ([{ sender, body }]) => t("%(name)s called this room “%(room)s”", { name: nameOf(sender), room: body }),
  cleared: ([{ sender }]) => t("%(name)s cleared the history", { name: nameOf(sender) }),
  changed: ([{ sender }]) => t("%(name)s changed the room", { name: nameOf(sender) }),
};

// A kind of line that a newer server knows.
const other = ([{ sender }]) => t("%(name)s changed the room", { name: nameOf(sender) });

function named(people) {
  const all = [...new Map(people.filter(Boolean).map((one) => [one.id, nameOf(one)])).values()];
  const rest = all.length - NAMED;
  return { names: rest > 1 ? many(all.slice(0, NAMED), rest) : new Intl.ListFormat(document.documentElement.lang).format(all), count: all.length };
}

function many(names, rest) {
  return tn("%(names)s and %(count)s other", "%(names)s and %(count)s others", rest, { names: names.join(", ") });
}
