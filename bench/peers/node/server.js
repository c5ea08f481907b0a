// Node's Socket.IO with mysql2, the way its tutorials do it: rooms, one INSERT for each message, an acknowledgement.
// `node server.js PORT [MYSQL_URL]`; without a database nothing is stored.

import { createServer } from "node:http";
import { Server } from "socket.io";
import mysql from "mysql2/promise";

const [port, url] = process.argv.slice(2);
const pool = url ? mysql.createPool({ uri: url, connectionLimit: 20 }) : null;
const http = createServer((_request, response) => response.end("ok"));
const io = new Server(http, { pingInterval: 10_000, pingTimeout: 10_000 });

io.on("connection", (socket) => {
  const { person, rooms = [] } = socket.handshake.auth;
  socket.join(`user:${person}`);
  for (const room of rooms) socket.join(`room:${room}`);

  socket.on("send_message", async (data, acknowledge) => {
    const message = { ...data, sender: { id: person, name: `Person ${person}` }, created_at: new Date().toISOString() };
    if (pool) {
      const [result] = await pool.execute(
        "INSERT INTO told (room_id, sender_id, client_id, body, created_at) VALUES (?, ?, ?, ?, NOW(3))",
        [data.room_id, person, data.client_id, data.body],
      );
      message.id = result.insertId;
    }
    if (data.to === undefined) io.to(`room:${data.room_id}`).emit("message_sent", { message });
    else io.to([`user:${data.to}`, `user:${person}`]).emit("message_sent", { message });
    acknowledge({ ok: true, message });
  });
});

http.listen(Number(port), "127.0.0.1", 4096);
