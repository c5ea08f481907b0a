// Takes away what has expired, on the server's clock, and has the countdowns drawn. Loaded with the first message that ends.

import { serverNow } from "./conversations.js";
import { dropMessages } from "./state.js";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const LONGEST = 2 ** 31 - 1; // milliseconds a browser's timer can wait

// `refresh(roomIds)` asks what is left where this page does not hold everything.
export function createExpiry(store, { refresh }) {
  const { state, changed } = store;
  let timer;

  function check() {
    const now = serverNow(state);
    const asked = ending().filter((one) => !expire(one, now)).map(({ id }) => id);
    if (asked.length) refresh(asked).catch(() => {}); // a new connection asks for everything anyway
    plan(now);
  }

  const ending = () => [...state.ending].map((id) => state.conversations.get(id)).filter(Boolean);

  // True when what is left is known.
  function expire(conversation, now) {
    const seqs = held(conversation).filter((one) => endOf(one) <= now).map(({ seq }) => seq);
    if (!seqs.length) return true;
    changed();
    return dropMessages(state, conversation, seqs);
  }

  // For the next one that ends, and for the next change of a countdown on screen.
  function plan(now) {
    const ends = ending().flatMap((one) => held(one).map(endOf));
    const next = Math.min(...ends, Infinity);
    clearTimeout(timer);
    if (next === Infinity) return;
    const tick = Math.min(...shownEnds().map((end) => (end - now < 2 * MINUTE ? SECOND : MINUTE)), Infinity);
    const pause = Math.min(Math.max(next - now, 0) + 5, tick, LONGEST);
    timer = setTimeout(turn, pause);
  }

  const shownEnds = () => (state.open?.conversation ? held(state.open.conversation).map(endOf) : []);

  function turn() {
    check();
    changed();
  }

  store.subscribe(check);
  check();
}

function held(conversation) {
  const { messages, lastMessage, media } = conversation;
  const all = [...messages.values()];
  for (const list of Object.values(media ?? {})) for (const one of list.messages.values()) if (!messages.has(one.seq)) all.push(one);
  if (lastMessage && !messages.has(lastMessage.seq)) all.push(lastMessage);
  return all.filter((one) => one.expires_at);
}

const endOf = (message) => Date.parse(message.expires_at);
