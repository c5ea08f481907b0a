// The files that wait to be sent, beside the queue and in a database of their own: a message is kept anew with each thing
// that happens to it, its file only once. Where there is no database they are kept as long as the page.

const STORE = "files";
const FORGOTTEN = 3_600_000; // after this time what no message waits for is cleared away

export function openShelf(name) {
  const memory = new Map();
  const database = open(name).catch(() => null);

  // Ends when a reload would find it. A full disk loses that comfort, not the file.
  async function put(id, blob) {
    memory.set(id, blob);
    try {
      await within("readwrite", (files) => files.put({ id, blob, at: Date.now() }));
      memory.delete(id); // the browser's own copy does not change any more, the person's file might
    } catch {
      // Kept as long as the page.
    }
  }

  async function get(id) {
    return memory.get(id) ?? (await within("readonly", (files) => files.get(id)).catch(() => null))?.blob ?? null;
  }

  function remove(id) {
    memory.delete(id);
    within("readwrite", (files) => files.delete(id)).catch(() => {});
  }

  // What a page that ended too early left behind.
  async function clear(wanted) {
    const kept = await within("readonly", (files) => files.getAll()).catch(() => []);
    for (const { id, at } of kept) if (!wanted.has(id) && Date.now() - at > FORGOTTEN) remove(id);
  }

  async function within(mode, act) {
    const files = (await database).transaction(STORE, mode);
    return new Promise((resolve, reject) => {
      const request = act(files.objectStore(STORE));
      files.addEventListener("complete", () => resolve(request.result));
      files.addEventListener("abort", () => reject(files.error));
    });
  }

  return { put, get, remove, clear };
}

function open(name) {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(name, 1);
    request.addEventListener("upgradeneeded", () => request.result.createObjectStore(STORE, { keyPath: "id" }));
    request.addEventListener("success", () => resolve(request.result));
    request.addEventListener("error", () => reject(request.error));
  });
}
