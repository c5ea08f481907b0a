// Finds people: everyone registered, page by page, and those whom a search names, with the public rooms of that name.

import { applyPerson } from "./state.js";

const TYPING_PAUSE = 200;
const RETRY = 5_000;
const NAMES_LONGEST = 100; // characters; what is longer is looked for in messages alone

// `first` is the first page of everyone, which came with ours; those whom its conversations describe have only their ids there.
export function createPeople(store, { api, ended, first }) {
  const { state, changed } = store;
  const describing = new Set();
  let timer;
  let searches = 0;

  async function more() {
    const { directory } = state;
    if (directory.loading || directory.complete) return;
    directory.loading = true;
    try {
      const { people, complete } = directory.ids.length ? await api.people({ after: directory.ids.at(-1) }) : first;
      take(people, directory.ids);
      directory.complete = complete;
    } catch (refusal) {
      if (refusal.endsSession) ended(refusal);
    }
    directory.loading = false;
    changed();
  }

  function search(text) {
    clearTimeout(timer);
    const trimmed = text.trim();
    const mayBeName = Boolean(trimmed) && trimmed.length <= NAMES_LONGEST;
    Object.assign(state.search, { text: trimmed, ids: [], rooms: [], loading: mayBeName });
    changed();
    if (mayBeName) timer = setTimeout(() => ask(trimmed), TYPING_PAUSE);
  }

  async function ask(text) {
    searches += 1;
    const mine = searches;
    const found = [];
    let rooms = [];
    try {
      const [people, open] = await Promise.all([api.people({ q: text }), api.publicRooms({ q: text })]);
      take(people.people, found);
      rooms = open.rooms;
    } catch (refusal) {
      if (refusal.endsSession) ended(refusal);
    }
    if (mine !== searches || state.search.text !== text) return;
    Object.assign(state.search, { ids: found, rooms, loading: false });
    changed();
  }

  // People whom any of these texts names, added to those who are known.
  async function find(texts) {
    try {
      const pages = await Promise.all(texts.map((text) => api.people({ q: text })));
      pages.forEach(({ people }) => take(people, []));
    } catch (refusal) {
      if (refusal.endsSession) ended(refusal);
    }
    changed();
  }

  function take(people, ids) {
    for (const person of people) {
      applyPerson(state, person);
      if (!ids.includes(person.id)) ids.push(person.id);
    }
  }

  // Somebody new: in the list at once where the list is whole, otherwise with their page.
  function registered(person) {
    if (person.id === state.me.id) return;
    applyPerson(state, person);
    if (state.directory.complete && !state.directory.ids.includes(person.id)) state.directory.ids.push(person.id);
    changed();
  }

  // What only the details show. `described` is taken back when the person changes.
  async function describe(person) {
    if (person.described || describing.has(person.id) || !state.connection.online) return;
    describing.add(person.id);
    try {
      applyPerson(state, { ...(await api.person(person.username)).person, described: true });
      describing.delete(person.id);
    } catch (refusal) {
      if (refusal.endsSession) ended(refusal);
      setTimeout(() => describing.delete(person.id), RETRY);
    }
    changed();
  }

  return { describe, more, search, find, registered };
}
