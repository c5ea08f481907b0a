// Pictures and sound in messages: drawn, looked at, listened to. Loaded with the first one.

import { createMedia } from "./media.js";
import { body as words } from "./message.js";
import { coversDetails, partnerOf, placeOf } from "./conversations.js";
import { createNow } from "./parts/files/now.js";
import { picture } from "./parts/files/picture.js";
import { sound } from "./parts/files/sound.js";
import { fileAddress, styled } from "./pieces.js";
import { createPlaying } from "./playing.js";

// `enter(layer)` lays something over the page, `leave()` takes it away; `mount` is where pictures are looked at,
// `now` where stands what plays out of sight; `open(place, seq)` leads to a message.
export async function createFiles(store, { api, ended, mount, now, open, enter, leave }) {
  await styled("file_inside.css");
  const { state, changed } = store;
  const media = createMedia(store, { api, ended });
  const playing = createPlaying(store, { addressOf });
  const broken = new Map(); // id of a picture that could not be loaded → {tries, failed}
  const playsNow = createNow(now, { playing, go });
  let viewer = null;
  let coming = null;

  function body(message, { discard }) {
    if (message.file.kind === "image") return picture(message, { look, addressOf, broken, changed, discard });
    return sound(message, { playing, discard });
  }

  function look(message, how) {
    enter(`${coversDetails(state) ? "details/" : ""}picture/${message.client_id}`, how);
  }

  function go({ room_id: roomId, seq }) {
    open(placeOf(partnerOf(state, state.conversations.get(roomId))), seq);
  }

  function draw() {
    playsNow.draw(state);
    if (viewer) viewer.draw(state);
    else if (state.layer?.includes("picture/")) coming ??= load();
  }

  async function load() {
    try {
      const [{ createViewer }] = await Promise.all([import("./parts/files/viewer.js"), styled("viewer.css")]);
      viewer = createViewer(mount, store, { look, leave, addressOf, caption, older: (conversation) => media.older(conversation, "image") });
    } catch {
      coming = null;
      leave();
    }
    changed();
  }

  const caption = (message) => words(message, { changed, find: (name) => state.names.get(name), me: state.me });

  return { body, draw, playing, media, look, addressOf };
}

// Of one on its way, the browser itself has the content.
const addressOf = (file, size = "") => file.url ?? fileAddress(file.id, size);
