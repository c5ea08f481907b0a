// What waits to be sent, in the browser's database and shared by all tabs of an account, which hear of each other's
// changes. Not in localStorage: browsers write that to the disk seconds later, too late for one that crashes.
// Where there is no database (some private windows) things are kept as long as the page.

const STORE = "messages";

// `heard({put: entry})` and `heard({gone: id, why})` tell what other tabs did, `why` is "stored" or "cancelled"; and `heard`
// takes what they `tell`, which is kept nowhere.
export function openQueue(name, heard) {
  const memory = new Map();
  const channel = new BroadcastChannel(name);
  const database = open(name).catch(() => null);
  channel.addEventListener("message", ({ data }) => heard(data));

  async function all() {
    const kept = await within("readonly", (messages) => messages.getAll()).catch(() => []);
    return [...kept, ...memory.values()];
  }

  function put(entry) {
    channel.postMessage({ put: entry });
    within("readwrite", (messages) => messages.put(entry)).catch(() => memory.set(entry.client_id, entry));
  }

  function remove(id, why) {
    channel.postMessage({ gone: id, why });
    memory.delete(id);
    within("readwrite", (messages) => messages.delete(id)).catch(() => {});
  }

  const tell = (word) => channel.postMessage(word);

  async function within(mode, act) {
    const messages = (await database).transaction(STORE, mode);
    return new Promise((resolve, reject) => {
      const request = act(messages.objectStore(STORE));
      messages.addEventListener("complete", () => resolve(request.result));
      messages.addEventListener("abort", () => reject(messages.error));
      messages.commit(); // a page that ends right now takes with it what has not been committed
    });
  }

  return { all, put, remove, tell };
}

// One tab at a time. Plain HTTP in a house network is no secure context and has no locks: there two tabs may send the
// same message at once, which the server takes for the repeat that it is, by its client_id.
export function alone(name, act) {
  return navigator.locks ? navigator.locks.request(name, act) : act();
}

function open(name) {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(name, 1);
    request.addEventListener("upgradeneeded", () => request.result.createObjectStore(STORE, { keyPath: "client_id" }));
    request.addEventListener("success", () => resolve(request.result));
    request.addEventListener("error", () => reject(request.error));
  });
}
