// Which conversation is open, in the address: `#/<username>` or `#/room/<id>`. Back leads to the list, as on a phone.
// What lies over the page (the details, the panel) is a layer in the history, so that back takes it away first.

const PREFIX = "#/";
const ROOM = /^room\/(\d{1,15})$/;

// `show(place)` hears which conversation, {username} or {roomId}, `cover(layer)` what lies over it; null for none.
export function createNavigation({ show, cover }) {
  const depth = () => history.state?.depth ?? 0;
  let shown = null; // the address

  function arrive() {
    if (named() !== shown) {
      shown = named();
      show(placeIn(shown));
    }
    cover(history.state?.layer ?? null);
  }

  function open(place) {
    if (named() === addressOf(place)) {
      uncover();
    } else {
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

  // The person of the open conversation has another name now.
  function rename(place) {
    shown = addressOf(place);
    history.replaceState(history.state, "", shown);
  }

  window.addEventListener("popstate", arrive);

  return { open, close, enter, leave, uncover, rename, start: arrive };
}

// The address as it is written here, or null for one that names nothing.
function named() {
  const place = placeIn(location.hash);
  return place && addressOf(place);
}

function addressOf({ roomId, username }) {
  return PREFIX + (roomId ? `room/${roomId}` : encodeURIComponent(username));
}

function placeIn(address) {
  if (!address?.startsWith(PREFIX)) return null;
  const text = address.slice(PREFIX.length);
  const room = ROOM.exec(text);
  if (room) return { roomId: Number(room[1]) };
  try {
    return text ? { username: decodeURIComponent(text) } : null;
  } catch {
    return null;
  }
}
