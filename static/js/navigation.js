// Which conversation is open, in the address: `#/<username>` or `#/room/<id>`, and with `/<seq>` at which message. Back leads
// to the list, as on a phone. With `?q=` behind it, what is looked for there, and in `#/?q=` everywhere.
// What lies over the page (the details, the panel) is a layer in the history, so that back takes it away first.

const PREFIX = "#/";
const QUERY = "?q=";
const PLACE = /^(?:room\/(?<roomId>\d{1,15})|(?<name>[^/?]+))(?:\/(?<seq>\d{1,15}))?$/;

// `show(place)` hears which conversation, {username} or {roomId}, with {seq} where a message is named, `cover(layer)` what lies over it; null for none.
// `sought(q, place)` hears before them what is looked for, null for nothing, and in which conversation.
export function createNavigation({ show, cover, sought }) {
  const depth = () => history.state?.depth ?? 0;
  let shown = null; // the address

  function arrive() {
    sought(placeIn(location.hash)?.q ?? null, named() && placeIn(named()));
    if (named() !== shown) {
      shown = named();
      show(placeIn(shown));
    }
    cover(history.state?.layer ?? null);
  }

  // With `q`, with what is looked for there.
  function open(place) {
    if (named() === addressOf(place)) {
      uncover();
    } else if (location.hash !== addressOf(place)) {
      history.pushState({ fromList: named() === null }, "", addressOf(place));
      arrive();
    }
  }

  function close() {
    if (history.state?.fromList) {
      history.go(-1 - depth());
    } else {
      history.replaceState(null, "", location.pathname + location.search);
      arrive();
    }
  }

  // Lay something over the page; with `instead`, in place of what lies there.
  function enter(layer, { instead = false } = {}) {
    const state = { ...history.state, layer, depth: instead ? depth() : depth() + 1 };
    if (instead) history.replaceState(state, "");
    else history.pushState(state, "");
    arrive();
  }

  function leave() {
    if (depth()) history.back();
  }

  function uncover() {
    if (depth()) history.go(-depth());
  }

  // Write down what is looked for, in the open conversation or (`everywhere`) where none is; null ends it, and so does back.
  function seek(q, { everywhere = false } = {}) {
    if (everywhere !== (named() === null)) return;
    const { q: before = null, ...place } = placeIn(location.hash) ?? {};
    if (q === before) return;
    const address = everywhere && q === null ? location.pathname + location.search : addressOf({ ...place, q });
    const { seeking } = history.state ?? {};
    if (q === null && seeking && !everywhere) return history.back();
    if (q === null || before !== null || seeking) history.replaceState(history.state, "", address);
    else history.pushState({ ...history.state, seeking: true, depth: depth() + 1 }, "", address);
    arrive();
  }

  // The person of the open conversation has another name now.
  function rename(place) {
    shown = addressOf(place);
    history.replaceState(history.state, "", addressOf({ ...place, q: placeIn(location.hash)?.q }));
  }

  window.addEventListener("popstate", arrive);

  return { open, close, enter, leave, uncover, seek, rename, start: arrive };
}

// The address of the conversation as it is written here, or null for one that names nothing.
function named() {
  const { q, ...place } = placeIn(location.hash) ?? {};
  return place.roomId || place.username ? addressOf(place) : null;
}

export function addressOf({ roomId, username = "", seq, q = null }) {
  // A person may be called "room", and must not be one.
  const name = roomId ? `room/${roomId}` : encodeURIComponent(username).replace(/^room$/, "%72oom");
  return PREFIX + name + (seq ? `/${seq}` : "") + (q === null ? "" : QUERY + encodeURIComponent(q));
}

export function placeIn(address) {
  if (!address?.startsWith(PREFIX)) return null;
  const [text, words] = address.slice(PREFIX.length).split(QUERY);
  const { roomId, name, seq } = PLACE.exec(text)?.groups ?? {};
  try {
    const found = { ...(Number(seq) && { seq: Number(seq) }), ...(words !== undefined && { q: decodeURIComponent(words) }) };
    if (roomId) return { roomId: Number(roomId), ...found };
    if (name) return { username: decodeURIComponent(name), ...found };
    return words && !text ? found : null;
  } catch {
    return null;
  }
}
