// Which conversation is open, in the address: `#/<username>`. Back leads to the list, as on a phone.

const PREFIX = "#/";

export function createNavigation({ show }) {
  const named = () => (location.hash.startsWith(PREFIX) ? decode(location.hash.slice(PREFIX.length)) : null);

  function open(username) {
    if (named() === username) return;
    const fromList = named() === null;
    history.pushState({ fromList }, "", PREFIX + encodeURIComponent(username));
    show(username);
  }

  function close() {
    if (history.state?.fromList) {
      history.back();
    } else {
      history.replaceState(null, "", location.pathname + location.search);
      show(null);
    }
  }

  window.addEventListener("popstate", () => show(named()));

  return { open, close, start: () => show(named()) };
}

function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}
