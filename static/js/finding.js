// Searching messages: everywhere, from the field over the list, and in the open conversation. Loaded with the first search.

import { nothing } from "../vendor/lit-html/lit-html.js";
import { replace } from "./formatting.js";
import { createSearch } from "./searches.js";
import { marked } from "./matches.js";
import { sources } from "./operators.js";
import { createCompletion } from "./parts/completion.js";
import { createHelp } from "./parts/search/help.js";
import { foundMessages } from "./parts/search/messages.js";
import { createSeek } from "./parts/search/seek.js";
import { styled } from "./pieces.js";
import { partnerOf, placeOf } from "./state.js";

// `field` is the one over the list, `mount` where the search in a conversation is drawn; `find(texts)` asks for people,
// `lookAt(seq, options)` leads the eye to a message of the open conversation.
export async function createFinding(store, { api, ended, field, mount, navigation, find, lookAt }) {
  const { state, changed } = store;
  const everywhere = createSearch(store, { api, ended, began: (text) => text === state.search.text && navigation.seek(text || null, { everywhere: true }) });
  const here = createSearch(store, { api, ended, began: (text) => state.seek && say(text) });
  let said = null; // what the address said last
  const trees = new WeakMap(); // a message's tree → the same with marks
  await styled("search.css");

  const write = (box) => (text) => replace(box, 0, box.value.length, text);
  const put = (box) => (text) => replace(box, box.selectionStart, box.selectionEnd, text);
  const seek = createSeek(mount, { search: here, close: () => navigation.seek(null), step, choose, put, write, wrote: (text) => look(text), saw, changed });
  const bar = field.closest("[role=search]");
  complete(field, bar);
  complete(seek.field, seek.around, { within: true });
  createHelp(field, bar, put(field));

  function complete(box, around, options) {
    const completion = createCompletion(box, sources(state, find, options), around);
    around.addEventListener("keydown", (event) => event.target === box && !event.isComposing && completion.key(event), { capture: true });
    for (const moment of ["input", "click"]) box.addEventListener(moment, completion.update);
    completion.update(); // somebody may have begun before this file came
  }

  function draw() {
    everywhere.look(state.search.text);
    if (said !== inAddress()) {
      said = inAddress();
      look(state.seek?.text ?? "", { now: true });
      seek.take(state.seek?.text ?? "");
    }
    seek.draw(state);
  }

  const inAddress = () => (state.seek && state.open?.conversation ? `${state.open.conversation.id} ${state.seek.text}` : null);

  // In the address stands now what was typed.
  function say(text) {
    navigation.seek(text);
    said = inAddress();
  }

  function look(text, options) {
    const roomId = state.seek && state.open?.conversation ? state.open.conversation.id : null;
    here.look(roomId ? text : "", roomId, options);
  }

  // For the list on the left.
  function messages() {
    const { text } = state.search;
    if (!text) return { drawing: nothing, some: false, loading: false };
    const drawing = foundMessages(state, everywhere, { choose: open, took: write(field) });
    return { drawing, some: everywhere.hits().length > 0, loading: everywhere.find.text !== text || everywhere.find.loading === "first" };
  }

  // A hit of all conversations: there, with the same search.
  function open(message) {
    const place = placeOf(partnerOf(state, state.conversations.get(message.room_id)));
    navigation.open({ ...place, q: everywhere.find.asked });
    choose(message);
  }

  function choose({ seq }) {
    if (state.seek) state.seek.seq = seq;
    lookAt(seq, { enter: !mount.contains(document.activeElement) || mount.querySelector("[data-hit]:focus") !== null });
    changed();
  }

  // To the hit so many older ones away; the first one is the newest.
  async function step(by) {
    const at = here.hits().findIndex(({ seq }) => seq === state.seek?.seq);
    const wanted = at < 0 ? 0 : at + by;
    if (wanted >= here.hits().length) await here.more();
    const hit = here.hits()[wanted];
    if (hit && state.seek) choose(hit);
  }

  // The one that one is at is looked for among the first pages.
  function saw() {
    const { seq } = state.seek;
    const { next, loading, found } = here.find;
    if (seq && next && !loading && found.size < 500 && !here.hits().some((one) => one.seq === seq)) here.more();
  }

  function markedIn(tree, message) {
    const { words, roomId } = here.find;
    if (!state.seek || !words.length || message.room_id !== roomId) return tree;
    let known = trees.get(tree);
    if (known?.words !== words) {
      known = { words, tree: marked(tree, words) };
      trees.set(tree, known);
    }
    return known.tree;
  }

  return { draw, messages, more: everywhere.more, marked: markedIn };
}
