// What this browser keeps. One key for each thing, so that two tabs never overwrite each other's lists.
// A full or forbidden store loses comfort, never the page.

export function read(key) {
  try {
    return JSON.parse(localStorage.getItem(key));
  } catch {
    return null;
  }
}

export function write(key, value) {
  try {
    localStorage.setItem(key, JSON.stringify(value));
  } catch {
    // Private windows and full disks: the page goes on with what it has in memory.
  }
}

export function remove(key) {
  try {
    localStorage.removeItem(key);
  } catch {
    // As above.
  }
}

// All entries whose key begins with the prefix, as [rest of the key, value].
export function entries(prefix) {
  try {
    return Object.keys(localStorage)
      .filter((key) => key.startsWith(prefix))
      .map((key) => [key.slice(prefix.length), read(key)])
      .filter(([, value]) => value !== null);
  } catch {
    return [];
  }
}
