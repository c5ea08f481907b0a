// Where files may be dropped: over the whole conversation, while they are dragged over the page. The paper-clip does the same
// for everybody else.

import { html, nothing, render } from "../../../vendor/lit-html/lit-html.js";
import { limitsInWords } from "../../choosing.js";
import { t } from "../../i18n.js";
import { icon, styled } from "../../pieces.js";

// `target()` says {name, whisper} of whom they would go to, or null; `dropped(files)` takes them.
export async function createDropTarget(conversation, { limits, target, dropped }) {
  const mount = document.createElement("div");
  mount.className = "drop";
  mount.hidden = true;
  mount.dataset.drop = "";
  mount.setAttribute("aria-hidden", "true");
  conversation.append(mount);
  window.addEventListener("dragover", over);
  window.addEventListener("dragleave", left);
  window.addEventListener("drop", drop);
  await styled("attach.css");

  function over(event) {
    if (!event.dataTransfer?.types.includes("Files")) return;
    const found = document.querySelector("dialog[open]") ? null : target();
    event.dataTransfer.dropEffect = found || document.querySelector("[data-attach-preview]") ? "copy" : "none";
    show(found);
    mount.toggleAttribute("data-over", conversation.contains(event.target));
  }

  // Out of the window, not from one element to another.
  function left({ relatedTarget }) {
    if (!relatedTarget) show(null);
  }

  function drop(event) {
    const files = [...(event.dataTransfer?.files ?? [])];
    const wanted = !mount.hidden || document.querySelector("[data-attach-preview]");
    show(null);
    if (files.length && wanted) dropped(files);
  }

  function show(found) {
    mount.hidden = !found;
    render(found ? content(found) : nothing, mount);
  }

  function content({ name, whisper }) {
    const words = whisper ? t("Drop here to whisper to %(name)s", { name }) : t("Drop here to send to %(name)s", { name });
    return html`<div class="drop__box">${icon("upload")}<p class="drop__words">${words}</p><p class="drop__limits">${limitsInWords(limits)}</p></div>`;
  }

  return { over };
}
