// Where one writes. The text belongs to the person: nothing but themselves and a change of conversation touches it.

import { html, render } from "../../vendor/lit-html/lit-html.js";
import { t, tn } from "../i18n.js";
import { icon, nameOf } from "../pieces.js";
import { openPartner } from "../state.js";
import { clean, isWhisper, lengthOf } from "../text.js";

const COUNT_FROM = 500; // characters left
const LATE_ENTER = 50;
const IN_COMPOSITION = 229; // the key code that input methods give
const MARKS = { b: "**", i: "_", e: "`" };
const APPLE = /^(?:Mac|iP)/.test(navigator.platform); // there Ctrl+B and Ctrl+E move the caret
const BEGUN = /(?::[\p{L}\p{N}_+-]{2,40}:?|@[^\s@]{0,32}|^\/w\s+\S*)$/u; // something that can be completed

// `actions`: send(conversation, body), draft(conversation, text), wrote(conversation), jump(seq), attach(files), sendFiles(conversation, files, caption) and
// act(name), which gives a function of life.js. `accept` says which files can be chosen.
export function createComposer(mount, { limit, accept, ...actions }) {
  const touch = matchMedia("(hover: none) and (pointer: coarse)");
  let shown = null;
  let writing = null; // what is written instead of the draft: a change, a whisper
  let quote = null; // what the draft answers
  let trouble = ""; // with the emoji
  let sendKey = "enter";
  let composedAt = -Infinity;
  let fit = () => {};

  render(frame(), mount);
  const box = mount.querySelector("textarea");
  const count = mount.querySelector("[data-count]");
  const note = mount.querySelector("[data-note]");
  const emoji = mount.querySelector("[data-emoji]");
  const send = mount.querySelector("[data-send]");
  const [clip, mic] = ["attach", "record"].map((name) => mount.querySelector(`[data-${name}]`));
  const sound = mount.querySelector("[data-recorder]");
  const find = (...given) => actions.act("name")(shown, ...given);
  const completion = lazily(
    () => Promise.all([import("./completion.js"), import("./completion_sources.js")]),
    ([{ createCompletion }, { emoji, mentions, whispers }]) => createCompletion(box, [emoji(), whispers(find), mentions(find)]),
  );
  const over = lazily(
    () => import("./writing_bar.js"),
    ({ createWritingBar }) => createWritingBar(mount.querySelector("[data-over]"), { cancel: actions.act("cancel"), pin: actions.act("pin"), jump: actions.jump }),
  );
  const picker = lazily(
    () => Promise.all([import("./picker.js"), import("../formatting.js")]),
    ([{ createPicker }, { replace }]) => createPicker(mount.querySelector("form"), (sign) => replace(box, box.selectionStart, box.selectionEnd, sign)),
  );
  const recorder = lazily(
    () => import("./recorder.js"),
    ({ createRecorder }) => createRecorder(sound, { send: actions.sendFiles, limits: actions.fileLimits, say, ended: () => box.focus() }),
  );
  if (!CSS.supports("field-sizing", "content")) fit = fitToText;

  function frame() {
    return html`<form class="composer__box" @submit=${submit}>
        <div class="composer__over" data-over></div>
        <div class="composer__recorder" data-recorder hidden></div>
        <button
          class="button button--icon composer__tool"
          type="button"
          data-attach
          aria-label=${t("Attach pictures or recordings")}
          title=${t("Attach pictures or recordings")}
          @click=${({ currentTarget }) => currentTarget.nextElementSibling.click()}
        >
          ${icon("paperclip")}
        </button>
        <input type="file" data-files multiple hidden accept=${accept} @change=${chosen} />
        <textarea
          class="composer__text"
          data-composer
          rows="1"
          dir="auto"
          aria-describedby="composer-count"
          @input=${wrote}
          @keydown=${key}
          @compositionend=${composed}
        ></textarea>
        <span class="composer__count" id="composer-count" data-count hidden></span>
        <button
          class="button button--icon composer__tool"
          type="button"
          data-emoji
          aria-label=${t("Emoji")}
          title=${t("Emoji")}
          aria-haspopup="dialog"
          aria-expanded="false"
          @click=${pick}
        >
          ${icon("smile")}
        </button>
        <button
          class="button button--icon composer__tool"
          type="button"
          data-record
          aria-label=${t("Record a voice message")}
          title=${t("Record a voice message")}
          @click=${record}
        >
          ${icon("mic")}
        </button>
        <button class="composer__send" data-send aria-label=${t("Send")} title=${t("Send")}>${icon("arrow-up")}</button>
      </form>
      <p class="composer__note" role="status" data-note></p>`;
  }

  function draw(state) {
    const conversation = state.open?.conversation ?? null;
    const partner = openPartner(state);
    const now = state.writing.get(conversation?.id) ?? null;
    const answered = state.replies.get(conversation?.id) ?? null;
    const text = now ? now.text : (state.drafts.get(conversation?.id) ?? "");
    const turned = conversation !== shown;
    box.disabled = !conversation;
    box.readOnly = Boolean(now?.busy);
    emoji.disabled = mic.disabled = !conversation;
    clip.disabled = !conversation || now?.kind === "edit";
    if (turned || now !== writing) put(text);
    else if (clean(text) !== clean(box.value) && !isWriting()) put(text); // it was changed in another tab
    // Whoever began to answer, to change or to whisper goes on here; another tab only follows.
    if (turned ? conversation && !touch.matches : (now !== writing || answered?.seq !== quote?.seq) && document.hasFocus()) box.focus();
    [shown, writing, quote] = [conversation, now, answered];
    if (writing || quote || over.made) over.get().then((bar) => bar.draw(shown, writing, quote), () => {});
    box.form.dataset.writingKind = writing?.kind ?? "";
    recorder.made?.draw(shown);
    note.textContent = trouble || (state.remark?.roomId === shown?.id && state.remark?.words) || "";
    sendKey = state.preferences?.send_key ?? "enter";
    box.enterKeyHint = sends({}) ? "send" : "enter";
    const name = partner ? t("Message %(name)s", { name: nameOf(partner) }) : "";
    const whisper = writing?.kind === "whisper" ? t("Whisper to %(name)s", { name: nameOf(writing.person) }) : "";
    box.placeholder = whisper || (conversation || state.connection.online ? t("Message") : t("Waiting for the connection…"));
    box.setAttribute("aria-label", writing?.kind === "edit" ? t("Change the message") : whisper || name);
    measure();
  }

  const isWriting = () => document.activeElement === box && document.hasFocus();

  function put(text) {
    box.value = text;
    box.setSelectionRange(text.length, text.length);
    box.scrollTop = box.scrollHeight;
  }

  function wrote(event) {
    trouble = "";
    const secret = isWhisper(shown, box.value);
    if (writing) writing.text = box.value;
    else actions.draft(shown, box.value);
    if (!writing && secret) actions.act("command")(shown, box.value);
    else if (!writing && clean(box.value)) actions.wrote(shown);
    measure();
    if (!event.isComposing) complete();
  }

  function composed(event) {
    composedAt = event.timeStamp;
    complete();
  }

  async function complete() {
    if (!completion.made && !BEGUN.test(box.value.slice(0, box.selectionStart))) return;
    (await completion.get().catch(() => null))?.update(); // without it the text can be written all the same
  }

  function chosen({ target }) {
    actions.attach([...target.files]);
    target.value = ""; // the same file can be chosen again
  }

  async function record() {
    try {
      await (await recorder.get()).start(shown);
    } catch {
      say(t("This needs a connection. Try again."));
    }
  }

  async function pick() {
    trouble = "";
    try {
      await (await picker.get()).toggle(emoji);
    } catch {
      say(t("The emoji could not be loaded. Try again when there is a connection."));
    }
  }

  function measure() {
    const length = lengthOf(clean(box.value));
    const left = limit - length;
    const tooLong = left < 0;
    count.hidden = left > COUNT_FROM;
    count.toggleAttribute("data-over", tooLong);
    count.setAttribute("aria-live", tooLong ? "polite" : "off");
    count.textContent = tooLong ? tn("%(count)s character too many", "%(count)s characters too many", -left) : String(left);
    mic.hidden = length > 0 || writing?.kind === "edit";
    send.disabled = !shown || !length || tooLong || writing?.busy;
    fit();
  }

  function key(event) {
    if (composing(event) || completion.made?.key(event)) return;
    const mark = markOf(event);
    if (mark) {
      event.preventDefault();
      import("../formatting.js").then(({ toggleMark }) => toggleMark(box, mark), () => {});
    } else if (event.key === "Enter" && sends(event)) {
      event.preventDefault();
      submit(event);
    } else if (event.key === "Escape" && (writing || quote)) {
      event.preventDefault();
      actions.act("cancel")(shown);
    } else if (event.key === "ArrowUp" && !box.value && !writing && !holdsKeys(event)) {
      event.preventDefault();
      actions.act("editLast")(shown);
    }
  }

  // Shift always breaks the line, Ctrl and Cmd always send; Enter alone as the person chose.
  function sends({ shiftKey, ctrlKey, metaKey }) {
    if (shiftKey) return false;
    return ctrlKey || metaKey || (sendKey === "enter" && !touch.matches);
  }

  // Safari ends the composition just before the key that confirmed it arrives.
  function composing(event) {
    const late = event.timeStamp - composedAt < LATE_ENTER;
    composedAt = -Infinity;
    return event.isComposing || event.keyCode === IN_COMPOSITION || late;
  }

  function submit(event) {
    event.preventDefault();
    const body = clean(box.value);
    if (!shown || !body || lengthOf(body) > limit || writing?.busy) return;
    if (!writing && isWhisper(shown, body)) return void actions.act("command")(shown, body, { sent: true });
    if (!writing) actions.draft(shown, "");
    if (writing?.kind === "whisper") writing.text = "";
    if (writing?.kind !== "edit") box.value = ""; // a change stays here until it is stored
    actions.send(shown, body);
    completion.made?.update();
    measure();
    box.focus();
  }

  function fitToText() {
    box.style.height = "auto";
    box.style.height = `${box.scrollHeight}px`;
  }

  // What stands in the way of writing, until the next letter.
  function say(words) {
    note.textContent = trouble = words;
  }

  // What was written goes with something else, as a caption.
  function clear() {
    actions.draft(shown, "");
    put("");
    measure();
  }

  return { draw, sends, clear };
}

const holdsKeys = ({ altKey, ctrlKey, metaKey, shiftKey }) => altKey || ctrlKey || metaKey || shiftKey;

// By the letter on the key; on a keyboard of other letters, by its place.
function markOf({ key, code, ctrlKey, metaKey, altKey, shiftKey }) {
  if (!(APPLE ? metaKey : ctrlKey) || altKey || shiftKey) return undefined;
  return MARKS[(/^[a-z]$/i.test(key) ? key : code.slice(-1)).toLowerCase()];
}

// What not everybody uses is loaded when first asked for; what could not be loaded may be asked for again.
function lazily(load, make) {
  let coming = null;
  const lazy = { made: null, get };
  return lazy;

  function get() {
    coming ??= load().then(
      (module) => (lazy.made = make(module)),
      (error) => {
        coming = null;
        throw error;
      },
    );
    return coming;
  }
}
