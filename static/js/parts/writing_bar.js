// The line over the text box that says what is being written: an answer, a change, a whisper.

import { html, nothing, render } from "../../vendor/lit-html/lit-html.js";
import { t } from "../i18n.js";
import { excerptOf } from "../message.js";
import { icon, nameOf } from "../pieces.js";

// `actions`: cancel(conversation), pin(conversation), jump(seq).
export function createWritingBar(mount, actions) {
  function draw(conversation, writing, quote) {
    render(conversation ? content(conversation, writing, quote) : nothing, mount);
  }

  function content(conversation, writing, quote) {
    if (writing?.kind === "edit") return edit(conversation, writing);
    if (writing?.kind === "whisper") return whisper(conversation, writing);
    return quote ? answer(conversation, quote) : nothing;
  }

  function answer(conversation, quote) {
    const source = conversation.messages.get(quote.seq) ?? quote;
    const gone = source.deleted_at || !(source.body || source.file);
    const title = t("Answer to %(name)s", { name: nameOf(quote.sender) });
    const words = gone ? t("Deleted message") : excerptOf(source);
    return bar(conversation, { kind: "reply", sign: "reply", title, words, act: gone ? null : () => actions.jump(quote.seq) });
  }

  function edit(conversation, { message, error, busy }) {
    const title = busy ? t("Saving…") : t("Change the message");
    return bar(conversation, { kind: "edit", sign: "pencil", title, words: excerptOf(message), error, act: () => actions.jump(message.seq) });
  }

  function whisper(conversation, { person, pinned, error }) {
    const title = t("Whisper to %(name)s", { name: nameOf(person) });
    const words = t("Nobody else sees it. It is not kept.");
    const hint = pinned ? t("Stop after this one") : t("Go on whispering to %(name)s", { name: nameOf(person) });
    const pin = html`<button class="button button--icon" type="button" data-pin aria-pressed=${pinned} aria-label=${hint} title=${hint} @click=${() => actions.pin(conversation)}>
      ${icon("pin")}
    </button>`;
    return bar(conversation, { kind: "whisper", sign: "lock", title, words, error, tool: pin });
  }

  function bar(conversation, { kind, sign, title, words, act = null, error = null, tool = nothing }) {
    const text = html`<span class="writing__title">${title}</span><span class="writing__text" dir="auto">${words}</span>`;
    const cancel = t("Cancel");
    const hint = t("Cancel (Esc)");
    return html`<div class="writing" data-writing=${kind}>
      ${icon(sign)}
      ${act ? html`<button class="writing__what" type="button" @click=${act}>${text}</button>` : html`<span class="writing__what">${text}</span>`}
      ${tool}
      <button class="button button--icon" type="button" data-writing-cancel aria-label=${cancel} title=${hint} @click=${() => actions.cancel(conversation)}>${icon("x")}</button>
      ${error ? html`<p class="writing__error" role="alert" data-writing-error>${error}</p>` : nothing}
    </div>`;
  }

  return { draw };
}
