// The page of an export: shows what was said some hundred messages at a time, and looks through it. A classic script, since
// browsers load neither modules nor data from the disk: each chunk is a script that calls `parley.take`. What people wrote only ever
// becomes text; nothing here makes markup of it.

(() => {
  const HELD = 4; // chunks in the page
  const HITS = 100; // shown at once
  let told; // what data/index.js says
  let from = 0; // chunks [from, to) are in the page
  let to = 0;
  let looking = 0; // which search is under way
  const waiting = new Map(); // number of a chunk → who waits for it
  const parts = {};

  const make = (tag, attributes = {}, ...children) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (typeof value === "function") element.addEventListener(name, value);
      else if (value !== null && value !== false) element.setAttribute(name, value === true ? "" : value);
    }
    element.append(...children.filter((child) => child !== null));
    return element;
  };

  const fold = (text) => text.normalize("NFKC").toLowerCase().normalize("NFKC").replaceAll("ё", "е");
  const address = (path) => path.split("/").map(encodeURIComponent).join("/");
  const person = (id) => told.people[id] ?? { name: "", kind: "deleted", hue: 0 };
  const nameOf = (id) => person(id).name || told.words.gone;
  const format = (options) => new Intl.DateTimeFormat(told.lang, options);
  const keyOf = ({ room = 0, seq }) => `${room}-${seq}`;

  // Chunks

  function load(number) {
    return new Promise((resolve, reject) => {
      waiting.set(number, [...(waiting.get(number) ?? []), resolve]);
      const script = make("script", { src: `data/${String(number).padStart(5, "0")}.js` });
      script.addEventListener("load", () => script.remove());
      script.addEventListener("error", () => reject(new Error(script.src)));
      document.head.append(script);
    });
  }

  function take(number, messages) {
    for (const resolve of waiting.get(number) ?? []) resolve(messages);
    waiting.delete(number);
  }

  // Messages

  function content({ body }) {
    const box = make("div", { class: "body", dir: "auto" });
    let before = null;
    for (const one of globalThis.parseMarkup(body)) {
      // All others are blocks, which begin and end lines by themselves.
      if (before?.kind === "text" && one.kind === "text") box.append("\n");
      box.append(block(one));
      before = one;
    }
    return box;
  }

  function block(one) {
    if (one.kind === "code") return make("pre", {}, one.text);
    if (one.kind === "quote") return make("blockquote", {}, ...one.blocks.map(block));
    if (one.kind !== "list") return make("span", {}, ...one.nodes.map(node));
    const numbered = one.items.some(({ number }) => number !== undefined && number !== null);
    const items = one.items.map(({ number, nodes }) => make("li", { value: numbered ? String(number) : null }, ...nodes.map(node)));
    return make(numbered ? "ol" : "ul", { class: "list" }, ...items);
  }

  const TAGS = { bold: "strong", italic: "em", strike: "s", code: "code", mention: "b" };

  function node(one) {
    if (typeof one === "string") return one;
    const inside = one.nodes ? one.nodes.map(node) : [one.text];
    if (one.kind === "link") return link(one);
    if (one.kind === "spoiler") return make("span", { class: "spoiler", role: "button", tabindex: "0", "aria-expanded": "false", click: reveal, keydown: reveal }, ...inside);
    return make(TAGS[one.kind] ?? "span", {}, ...inside);
  }

  function link({ text, href }) {
    return /^https?:\/\//i.test(href) ? make("a", { href, rel: "noreferrer noopener", target: "_blank" }, text) : text;
  }

  function reveal(event) {
    if (event.type === "keydown" && event.key !== "Enter") return;
    event.currentTarget.setAttribute("aria-expanded", "true");
  }

  function attachment(file) {
    if (!file?.path) return make("span", { class: "file" }, told.words.lost);
    const href = address(file.path);
    if (file.kind === "image") {
      const picture = make("img", { src: address(file.thumbnail ?? file.path), alt: file.name || told.words.photo, loading: "lazy", width: file.width, height: file.height });
      if (file.width && file.height) picture.style.aspectRatio = `${file.width} / ${file.height}`;
      picture.style.inlineSize = `${Math.min(file.width ?? 320, 320)}px`;
      picture.style.blockSize = "auto";
      return make("a", { class: "picture", href, target: "_blank" }, picture);
    }
    const label = make("a", { class: "file", href, dir: "auto" }, file.name || told.words.recording);
    return make("div", {}, make("audio", { controls: true, preload: "none", src: href, "aria-label": file.name || told.words.recording }), label);
  }

  function quote({ seq, sender, body }, message) {
    const words = sender ? `${nameOf(sender)}: ${globalThis.plainMarkup(body)}` : told.words.unseen;
    return make("button", { class: "quote", type: "button", dir: "auto", click: () => jump({ room: message.room, seq }) }, words);
  }

  function reactions(all) {
    const items = all.map(({ emoji, people }) => {
      const names = people.map(nameOf).join(", ");
      return make("li", { title: names, "aria-label": `${emoji} ${names}` }, `${emoji} ${people.length}`);
    });
    return make("ul", { class: "reactions" }, ...items);
  }

  function message(one, follows) {
    const at = new Date(one.created_at);
    const who = person(one.sender);
    const name = make("span", { class: "name", dir: "auto", "data-gone": !who.name }, nameOf(one.sender));
    name.style.setProperty("--hue", String(Number(who.hue)));
    const when = make("time", { datetime: one.created_at, title: format({ dateStyle: "full", timeStyle: "medium" }).format(at) }, format({ timeStyle: "short" }).format(at));
    const bubble = make("div", { class: "bubble" },
      follows ? null : name,
      one.reply_to ? quote(one.reply_to, one) : null,
      one.kind === "file" ? attachment(one.file) : null,
      one.body ? content(one) : null,
      one.reactions.length ? reactions(one.reactions) : null,
      make("span", { class: "meta" }, one.edited_at ? `${told.words.edited} ` : "", when));
    return make("article", { class: "message", id: keyOf(one), "data-message": keyOf(one), "data-follows": follows, "data-own": one.sender === told.me }, bubble);
  }

  function section(number, messages) {
    const box = make("section", { "data-chunk": String(number) });
    let before = null;
    for (const one of messages) {
      const day = new Date(one.created_at).toDateString();
      if (one.room && one.room !== before?.room) box.append(make("h2", { class: "day", dir: "auto" }, told.rooms[one.room] ?? told.left));
      const turned = day !== (before && new Date(before.created_at).toDateString()) || one.room !== before?.room;
      if (turned) box.append(make("h3", { class: "day" }, format({ dateStyle: "full" }).format(new Date(one.created_at))));
      if (one.line) box.append(make("p", { class: "line", id: keyOf(one), dir: "auto" }, one.line));
      else box.append(message(one, !turned && !before.line && before.sender === one.sender && Date.parse(one.created_at) - Date.parse(before.created_at) < 300_000));
      before = one;
    }
    return box;
  }

  // What is in the page

  async function open(number) {
    parts.log.replaceChildren();
    from = number;
    to = number;
    await later();
    if (parts.log.scrollHeight < innerHeight && from > 0) await earlier();
  }

  async function later() {
    if (to >= told.chunks.length) return ends();
    const number = to;
    const messages = await load(number);
    if (number !== to) return;
    parts.log.append(section(number, messages));
    to += 1;
    if (to - from > HELD) drop(parts.log.firstElementChild, 1);
    ends();
  }

  async function earlier() {
    if (from <= 0) return ends();
    const number = from - 1;
    const messages = await load(number);
    if (number !== from - 1) return;
    const height = document.documentElement.scrollHeight;
    parts.log.prepend(section(number, messages));
    scrollBy({ top: document.documentElement.scrollHeight - height, behavior: "instant" });
    from = number;
    if (to - from > HELD) {
      parts.log.lastElementChild.remove();
      to -= 1;
    }
    ends();
  }

  function drop(first, count) {
    const height = document.documentElement.scrollHeight;
    first.remove();
    from += count;
    scrollBy({ top: document.documentElement.scrollHeight - height, behavior: "instant" });
  }

  function ends() {
    parts.earlier.hidden = from <= 0;
    parts.later.hidden = to >= told.chunks.length;
    parts.empty.hidden = told.chunks.length > 0;
  }

  // The chunk that holds a message, or would: a conversation's are in order.
  const chunkOf = (seq) => Math.max(0, told.chunks.findLastIndex(([first]) => first <= seq));

  async function jump({ room, seq, chunk = null }) {
    const key = keyOf({ room, seq });
    const number = chunk ?? (room ? null : chunkOf(seq));
    if (!document.getElementById(key) && number !== null) {
      await open(number);
      if (number > 0) await earlier();
    }
    const found = document.getElementById(key);
    for (const marked of document.querySelectorAll("[data-found]")) marked.removeAttribute("data-found");
    if (!found) return;
    found.setAttribute("data-found", "");
    found.scrollIntoView({ block: "center", behavior: "instant" });
  }

  async function toDay(value) {
    const moment = new Date(`${value}T00:00`);
    if (Number.isNaN(moment.getTime()) || !told.chunks.length) return;
    const number = Math.max(0, told.chunks.findLastIndex(([, at]) => new Date(at) <= moment));
    for (const candidate of [number, number + 1]) {
      const first = candidate < told.chunks.length && (await load(candidate)).find((one) => new Date(one.created_at) >= moment);
      if (first) return jump({ ...first, chunk: candidate });
    }
    return jump({ ...(await load(told.chunks.length - 1)).at(-1), chunk: told.chunks.length - 1 });
  }

  // Search

  const textOf = (one) => [one.body, one.file?.name ?? ""].join(" ");

  async function search(words) {
    const mine = (looking += 1);
    const wanted = fold(words).split(/\s+/).filter(Boolean);
    const list = make("ol", { "data-hits": true });
    const state = make("p", { role: "status" }, told.words.searching);
    parts.hits.hidden = !wanted.length;
    parts.hits.replaceChildren(make("div", { class: "hits__head" }, state, button(told.words.close, closeHits)), list);
    if (!wanted.length) return;
    let count = 0;
    let shown = HITS;
    const more = button(told.words.more, () => {
      shown += HITS;
      search.resume?.();
    });
    // The newest first, chunk by chunk: what is not looked at is not in memory.
    for (let number = told.chunks.length - 1; number >= 0; number -= 1) {
      const messages = await load(number);
      if (mine !== looking) return;
      for (const one of messages.toReversed()) {
        const text = fold(textOf(one));
        if (one.line || !wanted.every((word) => text.includes(word))) continue;
        count += 1;
        list.append(make("li", {}, hit(one, number, wanted)));
      }
      state.textContent = `${told.words.searching} ${told.words.found.replace("#", count)}`;
      if (count >= shown) {
        parts.hits.append(more);
        state.textContent = told.words.found.replace("#", `${count}+`);
        await new Promise((resolve) => (search.resume = resolve));
        more.remove();
        if (mine !== looking) return;
      }
    }
    state.textContent = count ? told.words.found.replace("#", count) : told.words.nothing;
  }

  function hit(one, chunk, wanted) {
    const when = format({ dateStyle: "medium", timeStyle: "short" }).format(new Date(one.created_at));
    const text = globalThis.plainMarkup(one.body) || one.file?.name || "";
    const show = () => jump({ room: one.room, seq: one.seq, chunk });
    return make("button", { class: "hit", type: "button", "data-hit": keyOf(one), click: show },
      make("span", { class: "hit__who", dir: "auto" }, `${nameOf(one.sender)} · ${when}`), make("span", { dir: "auto" }, ...marked(around(text, wanted), wanted)));
  }

  // Folding may change how long a text is: then nothing is marked rather than the wrong thing.
  function marked(text, wanted) {
    const folded = fold(text);
    if (folded.length !== text.length) return [text];
    const pieces = [];
    let at = 0;
    while (at < text.length) {
      const next = wanted.map((word) => [folded.indexOf(word, at), word.length]).filter(([place]) => place >= 0).sort(([a], [b]) => a - b)[0];
      if (!next) break;
      pieces.push(text.slice(at, next[0]), make("mark", {}, text.slice(next[0], next[0] + next[1])));
      at = next[0] + next[1];
    }
    return [...pieces, text.slice(at)];
  }

  function around(text, wanted) {
    const at = Math.max(0, fold(text).indexOf(wanted[0]) - 60);
    return `${at ? "…" : ""}${[...text.slice(at, at + 240)].join("")}${text.length > at + 240 ? "…" : ""}`;
  }

  function closeHits() {
    looking += 1;
    parts.hits.hidden = true;
    parts.hits.replaceChildren();
  }

  const button = (words, click, more = {}) => make("button", { class: "button", type: "button", click, ...more }, words);

  // The frame

  function begin(data) {
    told = data;
    const field = make("input", { type: "search", name: "q", "aria-label": told.words.search, placeholder: told.words.search, autocomplete: "off", dir: "auto" });
    const day = make("input", { type: "date", "aria-label": told.words.from, title: told.words.from, change: ({ target }) => toDay(target.value) });
    const form = make("form", { role: "search", submit: submit }, field, button(told.words.search, submit, { type: "submit" }), told.rooms ? "" : day);
    function submit(event) {
      event.preventDefault();
      search(field.value);
    }
    Object.assign(parts, {
      hits: make("section", { class: "hits", hidden: true, "aria-label": told.words.search }),
      earlier: button(told.words.earlier, earlier, { class: "button more", "data-earlier": true, hidden: true }),
      later: button(told.words.later, later, { class: "button more", "data-later": true, hidden: true }),
      empty: make("p", { class: "line", hidden: true }, told.words.empty),
      log: make("div", { "data-log": true }),
    });
    document.body.append(
      make("header", { class: "head" }, make("div", { class: "head__words" }, make("h1", { dir: "auto" }, told.title), make("p", {}, told.about)), form),
      parts.hits,
      make("main", { class: "log" }, parts.empty, parts.earlier, parts.log, parts.later),
    );
    first();
  }

  async function first() {
    ends();
    if (!told.chunks.length) return;
    const seq = /^#0-(\d+)$/.exec(location.hash);
    if (seq) return jump({ seq: Number(seq[1]) });
    await open(told.rooms ? 0 : told.chunks.length - 1);
    if (!told.rooms) scrollTo({ top: document.documentElement.scrollHeight, behavior: "instant" });
  }

  globalThis.parley = { begin, take };
})();
