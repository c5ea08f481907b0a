// Files that somebody chose, dropped or pasted: shown before they are sent, to wherever one writes just now.

import { createDropTarget } from "./parts/attach/drop.js";
import { openPreview } from "./parts/attach/preview.js";
import { nameOf } from "./pieces.js";
import { openPartner } from "./state.js";

// `send(conversation, files, caption)` sends, `sends(event)` says whether an Enter does;
// `uploads()` loads what will be needed then, `written()` clears the text box, whose words are a caption by then.
export async function createAttaching(store, { limits, accept, layer, conversation: mount, send, sends, uploads, written }) {
  const { state } = store;
  let preview = null; // while it is open
  await createDropTarget(mount, { limits: limits.files, target, dropped: offer });

  function target() {
    const conversation = state.open?.conversation;
    const partner = openPartner(state);
    const writing = state.writing.get(conversation?.id);
    if (!conversation || !partner || partner.kind === "deleted" || writing?.kind === "edit") return null;
    return { conversation, writing, whisper: Boolean(writing), name: nameOf(writing?.person ?? partner) };
  }

  async function offer(files) {
    const to = target();
    if (preview) return (await preview)?.add(files);
    if (!to || !files.length) return;
    uploads().catch(() => {}); // so that it is there when the connection is not
    const { conversation, writing } = to;
    const caption = writing?.text ?? state.drafts.get(conversation.id) ?? "";
    preview = openPreview(layer, {
      chosen: files,
      caption,
      person: writing ? to.name : null,
      limits: limits.files,
      captionMost: limits.body,
      accept,
      send: async (ready, words) => {
        await send(conversation, ready, words);
        if (!writing) written();
      },
      sends,
      ended: () => (preview = null),
    });
    await preview.catch((error) => ((preview = null), Promise.reject(error)));
  }

  return { offer };
}
