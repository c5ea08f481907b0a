// The official Node client, driven over pipes: one JSON object a line.
// In: {do: "connect", url, path, cookie, auth}, {do: "call", event, data}, {do: "disconnect"}, each with an id.
// Out: {id, answer} or {id, error} for each of them, and {event, data} for whatever is heard.
import readline from "node:readline";
import { io } from "socket.io-client";

let socket = null;

const orders = {
  connect({ url, path, cookie, auth }) {
    socket = io(url, {
      path,
      auth,
      extraHeaders: { Cookie: cookie },
      transports: ["websocket"],
      reconnection: false,
      forceNew: true,
    });
    socket.onAny((event, data) => tell({ event, data }));
    socket.on("disconnect", (reason) => tell({ event: "disconnect", data: reason }));
    return new Promise((resolve, reject) => {
      socket.on("connect", () => resolve({ sid: socket.id }));
      socket.on("connect_error", reject);
    });
  },

  call({ event, data }) {
    return socket.emitWithAck(event, data);
  },

  disconnect() {
    socket.disconnect();
    return {};
  },
};

function tell(line) {
  process.stdout.write(JSON.stringify(line) + "\n");
}

async function obey({ id, do: order, ...input }) {
  try {
    tell({ id, answer: await orders[order](input) });
  } catch (error) {
    tell({ id, error: { message: error.message, data: error.data ?? null } });
  }
}

readline.createInterface({ input: process.stdin })
  .on("line", (line) => obey(JSON.parse(line)))
  .on("close", () => process.exit());
