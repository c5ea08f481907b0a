// What goes wrong between this page and the server, in one shape for sockets and fetches.

export class Refusal extends Error {
  constructor({ code, message, field = null, retry_after: retryAfter = null }) {
    super(message);
    this.code = code;
    this.field = field;
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
