// Finds whom one may mean in a conversation while their name is typed: who spoke last is known here, the rest is asked for.
// And learns who the people of a room are.

import { applyPerson } from "./state.js";
import { folded } from "./text.js";

const PAUSE = 120;
const ASKED = 8;
const READERS_MOST = 20; // people in a room that tells who has read what

export function createNaming({ state }, { api }) {
  let questions = 0;

  // People whose names begin with the text, best first; oneself is nobody to name. Whispers are for those who are there.
  async function find(conversation, text, { whispering = false } = {}) {
    const near = whoSpoke(conversation).filter((person) => isNamed(person, text));
    const far = conversation.kind === "group" ? await ask(conversation, text) : [];
    const all = new Map([...far, ...near].map((person) => [person.id, state.people.get(person.id) ?? person]));
    const order = [...near.map(({ id }) => id), ...far.map(({ id }) => id)];
    const found = [...new Set(order)].map((id) => all.get(id)).filter(({ id, kind }) => id !== state.me.id && kind !== "deleted");
    const absent = ({ id }) => Number(whispering && !conversation.here?.has(id));
    return found.sort((a, b) => absent(a) - absent(b));
  }

  function whoSpoke({ peerId, messages }) {
    const latest = [...messages.values()].sort((a, b) => b.seq - a.seq).map(({ sender }) => state.people.get(sender.id) ?? sender);
    return [...new Set([...latest, state.people.get(peerId)].filter(Boolean))];
  }

  async function ask(conversation, text) {
    questions += 1;
    const mine = questions;
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
    if (mine !== questions) return [];
    try {
      const { members } = await api.members(conversation.id, { q: text, limit: ASKED });
      for (const { role, here, ...person } of members) applyPerson(state, person);
      return members;
    } catch {
      return []; // without an answer those are offered who are known here
    }
  }

  // Who is in a small room, for what is said of them by name. Without an answer they stay unknown.
  async function meet({ id }) {
    try {
      const { members } = await api.members(id, { limit: READERS_MOST });
      for (const { role, here, ...person } of members) applyPerson(state, person);
    } catch {
      // They are counted then.
    }
  }

  return { name: find, meet };
}

function isNamed(person, text) {
  const wanted = folded(text);
  return [person.username, ...person.display_name.split(/\s+/)].some((name) => folded(name).startsWith(wanted));
}
