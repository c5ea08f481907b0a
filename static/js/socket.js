// The only file that knows Socket.IO: one connection, events as callbacks, acknowledgements as promises.

import { io } from "../vendor/socket.io-client/socket.io.js";
import { Refusal, noAnswer } from "./api.js";

const PATIENCE = 15_000;
const RETRY = 1_000;
const LONG = 60_000;
const TICK = 15_000;
const SLEPT = { shown: 45_000, hidden: 150_000 }; // browsers themselves slow the clock of a hidden page to a minute
const PROBE_PATIENCE = 4_000;

// `hear` maps server events to functions; `onConnect`, `onLost` and `onRefused(refusal)` tell of the connection itself.
export function connect({ root, userId, hear, onConnect, onLost, onRefused }) {
  const socket = io({
    path: `${root}/socket.io/`,
    auth: { user_id: userId },
    transports: ["websocket", "polling"],
    tryAllTransports: true,
    reconnectionDelay: 500,
    reconnectionDelayMax: 5_000,
  });
  let ended = false;
  let probing = false;
  let delay = RETRY;

  for (const [event, handle] of Object.entries(hear)) socket.on(event, handle);
  socket.on("connect", onConnect);
  // The server is about to be started anew; each of its clients comes back at another moment.
  socket.on("restarting", ({ after }) => {
    delay = after;
    socket.disconnect();
  });
  socket.on("disconnect", () => {
    onLost();
    again();
  });
  socket.on("connect_error", (error) => {
    onLost();
    const refusal = error.data?.code ? new Refusal(error.data) : null;
    if (refusal?.endsSession) onRefused(refusal);
    else again();
  });

  // The library tries again by itself, except after the server closed or refused the connection.
  function again() {
    if (socket.active || ended) return;
    setTimeout(() => !ended && socket.connect(), delay);
    delay = RETRY;
  }

  async function emit(event, data, patience = PATIENCE) {
    if (!socket.connected) throw noAnswer();
    let answer;
    try {
      answer = await socket.timeout(patience).emitWithAck(event, data);
    } catch {
      throw noAnswer();
    }
    if (!answer?.ok) throw new Refusal(answer?.error ?? { code: "internal", message: "" });
    return answer;
  }

  // After sleep a connection can look open and be dead: only an answer proves it. Without one, begin anew at once.
  async function probe() {
    if (ended || probing) return;
    probing = true;
    try {
      await emit("load_presence", {}, PROBE_PATIENCE);
    } catch (refusal) {
      if (refusal.code === "no_answer" && !ended) socket.disconnect().connect();
    }
    probing = false;
  }

  function end() {
    ended = true;
    socket.disconnect();
  }

  return { emit, probe, end };
}

// When to doubt the connection: after being hidden for long, after a sleep, when the network is said to be back.
export function watchForDoubt(doubt) {
  let hiddenAt = null;
  let ticked = Date.now();

  function turned() {
    if (document.hidden) {
      hiddenAt ??= Date.now();
      return;
    }
    if (hiddenAt !== null && Date.now() - hiddenAt > LONG) doubt();
    hiddenAt = null;
  }

  function tick() {
    const passed = Date.now() - ticked;
    ticked = Date.now();
    if (passed > SLEPT[document.hidden ? "hidden" : "shown"]) doubt();
  }

  document.addEventListener("visibilitychange", turned);
  window.addEventListener("online", doubt);
  window.addEventListener("pageshow", (event) => event.persisted && doubt());
  setInterval(tick, TICK);
  turned();
}
