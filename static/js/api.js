// The only file that knows fetch: JSON from our own routes, refusals as `Refusal`.

import { Refusal, noAnswer } from "./errors.js";

const PATIENCE = 15_000;

export function createApi({ root, userId }) {
  return {
    rooms: (query) => get("/rooms", query),
    people: (query) => get("/people", query),
    messages: (roomId, query) => get(`/rooms/${roomId}/messages`, query),
  };

  async function get(path, query = {}) {
    const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== null && value !== "");
    const search = given.length ? `?${new URLSearchParams(given)}` : "";
    const answer = await ask(root + path + search);
    if (!answer.ok) throw new Refusal(answer.error);
    return answer;
  }

  async function ask(address) {
    try {
      const response = await fetch(address, {
        headers: { Accept: "application/json", "X-Account": String(userId) },
        signal: AbortSignal.timeout(PATIENCE),
      });
      return await response.json();
    } catch {
      throw noAnswer();
    }
  }
}
