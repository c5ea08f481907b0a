// The only file that knows fetch: JSON from our own routes; and the one shape of what goes wrong, for sockets too.

const PATIENCE = 15_000;
const LONG_PATIENCE = 40_000; // for what the server works on before it answers

export function createApi({ root, userId, csrf }) {
  return {
    rooms: (query) => get("/rooms", query),
    publicRooms: (query) => get("/rooms/public", query),
    members: (roomId, query) => get(`/rooms/${roomId}/members`, query),
    invitations: (roomId) => get(`/rooms/${roomId}/invitations`),
    people: (query) => get("/people", query),
    files: (roomId, query) => get(`/rooms/${roomId}/files`, query),
    days: (roomId, query) => get(`/rooms/${roomId}/days`, query),
    messages: (roomId, query) => get(`/rooms/${roomId}/messages`, query),
    search: (query) => get("/search", query),
    countFound: (query) => get("/search/count", query),
    person: (username) => get(`/people/${encodeURIComponent(username)}`),
    overview: () => get("/panel"),
    profile: () => get("/profile"),
    changeProfile: (values) => send("POST", "/profile", values),
    prefer: (values) => send("POST", "/profile/preferences", values),
    becomeMember: (values) => send("POST", "/profile/membership", values),
    changePassword: (values) => send("POST", "/profile/password", values),
    endSession: (handle) => send("DELETE", `/profile/sessions/${handle}`),
    endOtherSessions: () => send("DELETE", "/profile/sessions"),
    finishUpload: (id, hints) => send("POST", `/uploads/${id}/file`, hints, LONG_PATIENCE),
    deleteAccount: (password, messages) => send("DELETE", "/profile", { password, messages }),
    exports: () => get("/exports"),
    exportRoom: (roomId) => send("POST", `/rooms/${roomId}/export`),
    exportOwn: () => send("POST", "/profile/export"),
    removeExport: (id) => send("DELETE", `/exports/${id}`),
    chooseLocale,
  };

  async function get(path, query = {}) {
    const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== null && value !== "");
    const search = given.length ? `?${new URLSearchParams(given)}` : "";
    return refusedOr(await ask(root + path + search));
  }

  async function send(method, path, values = {}, patience = PATIENCE) {
    const headers = { "Content-Type": "application/json", "X-CSRFToken": csrf };
    return refusedOr(await ask(root + path, { method, headers, body: JSON.stringify(values), patience }));
  }

  function refusedOr(answer) {
    if (!answer.ok) throw new Refusal(answer.error);
    return answer;
  }

  async function ask(address, { headers = {}, patience = PATIENCE, ...options } = {}) {
    try {
      const response = await fetch(address, {
        ...options,
        headers: { ...headers, Accept: "application/json", "X-Account": String(userId) },
        signal: AbortSignal.timeout(patience),
      });
      return await response.json();
    } catch {
      throw noAnswer();
    }
  }

  // The form of the signed-out pages: it answers with a redirect, which is not followed.
  async function chooseLocale(locale) {
    const options = { method: "POST", body: new URLSearchParams({ locale, csrf_token: csrf }), redirect: "manual" };
    const response = await fetch(`${root}/locale`, options).catch(() => null);
    if (response?.type !== "opaqueredirect") throw noAnswer();
  }
}

export class Refusal extends Error {
  constructor({ code, message, field = null, reason = null, retry_after: retryAfter = null }) {
    super(message);
    this.code = code;
    this.field = field;
    this.reason = reason; // why a session has ended, where the server says so
    this.retryAfter = retryAfter;
  }

  // The session is gone or somebody else's: nothing more may be sent from this page.
  get endsSession() {
    return this.code === "unauthenticated" || this.code === "account_changed";
  }

  // The same request may succeed later, unchanged.
  get passes() {
    return ["unavailable", "internal", "no_answer"].includes(this.code);
  }
}

export function noAnswer() {
  return new Refusal({ code: "no_answer", message: "" });
}
