// Which conversation is open, in the address: `#/<username>`. Back leads to the list, as on a phone. What lies over the
// page (the details, the panel) is a layer in the history, so that back takes it away first.

const PREFIX = "#/";

// `show(username)` hears which conversation, `cover(layer)` what lies over it; null for none.
export function createNavigation({ show, cover }) {
  const named = () => (location.hash.startsWith(PREFIX) ? decode(location.hash.slice(PREFIX.length)) : null);
  const depth = () => history.state?.depth ?? 0;
  const addressOf = (username) => PREFIX + encodeURIComponent(username);
  let shown;

  function arrive() {
    const username = named();
    if (username !== shown) {
      shown = username;
      show(username);
    }
    cover(history.state?.layer ?? null);
  }

  function open(username) {
    if (named() === username) {
      uncover();
    } else {
      history.pushState({ fromList: named() === null }, "", addressOf(username));
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
  function rename(username) {
    shown = username;
    history.replaceState(history.state, "", addressOf(username));
  }

  window.addEventListener("popstate", arrive);

  return { open, close, enter, leave, uncover, rename, start: arrive };
}

function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}
