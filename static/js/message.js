// The one drawing of a message, whether it is waiting, just came or was loaded.

import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { t } from "./i18n.js";
import { icon } from "./pieces.js";
import { waitsLong } from "./state.js";
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
      <span class="visually-hidden">${own ? t("You") : message.sender.display_name}: </span>
      <span class="bubble__body" data-body dir="auto">${message.body}</span>
      <span class="bubble__meta">
        <time datetime=${message.created_at} title=${full(message.created_at)}>${clock(message.created_at)}</time>
        ${own ? tick(state) : nothing}
      </span>
      ${waitsLong(message) ? takeBack(message, { discard }) : nothing}
    </div>
    ${state === "failed" ? failure(message, { retry, discard }) : nothing}
  </li>`;
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

function takeBack(message, { discard }) {
  const words = t("Do not send this message");
  return html`<button class="button button--icon bubble__cancel" type="button" data-cancel aria-label=${words} title=${words} @click=${() => discard(message)}>
    ${icon("x")}
  </button>`;
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
