// The one drawing of a message, whether it is waiting, just came or was loaded.

import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { t } from "./i18n.js";
import { icon, nameOf } from "./pieces.js";
import { clock, full } from "./times.js";

// pending and failed messages carry their state; stored ones get it from who has read how far.
export function stateOf(message, { me, peerReadTo }) {
  if (message.state) return message.state;
  if (message.sender.id !== me.id) return "received";
  return message.seq <= peerReadTo ? "read" : "sent";
}

export function messageRow({ message, state, own, follows, followed }, { retry, discard }) {
  return html`<li
    class="message"
    data-message
    data-seq=${message.seq ?? nothing}
    data-client-id=${message.client_id}
    data-state=${state}
    ?data-own=${own}
    ?data-follows=${follows}
    ?data-followed=${followed}
  >
    <div class="bubble">
      ${author(message.sender, { hidden: own || follows, own })}
      <span class="bubble__body" data-body dir="auto">${message.body}</span>
      <span class="bubble__meta">
        <time datetime=${message.created_at} title=${full(message.created_at)}>${clock(message.created_at)}</time>
        ${own ? tick(state) : nothing}
      </span>
    </div>
    ${state === "failed" ? failure(message, { retry, discard }) : nothing}
  </li>`;
}

// Seen above the first of several messages, heard before each.
function author(sender, { own, hidden }) {
  if (hidden) return html`<span class="visually-hidden">${own ? t("You") : nameOf(sender)}: </span>`;
  const gone = sender.kind === "deleted";
  return html`<span class="bubble__name" data-author ?data-gone=${gone} .style=${`--hue: ${Number(sender.hue)}`}><bdi>${nameOf(sender)}</bdi><span class="visually-hidden">: </span></span>`;
}

function tick(state) {
  const ticks = {
    pending: [icon("clock"), t("Waiting to be sent")],
    sent: [icon("check"), t("Sent")],
    read: [icon("check-check"), t("Read")],
    failed: [icon("circle-alert"), t("Not sent")],
  };
  const [drawing, words] = ticks[state];
  return html`<span class="bubble__tick" title=${words}>${drawing}<span class="visually-hidden">${words}</span></span>`;
}

function failure(message, { retry, discard }) {
  return html`<div class="message__failure" role="alert">
    <span>${message.error || t("This message could not be sent.")}</span>
    <button class="button button--small" type="button" data-retry @click=${() => retry(message)}>
      ${icon("rotate-cw")}${t("Try again")}
    </button>
    <button class="button button--small" type="button" data-discard @click=${() => discard(message)}>
      ${icon("trash-2")}${t("Delete")}
    </button>
  </div>`;
}
