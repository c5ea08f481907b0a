// What the marks in a message mean: text in, a tree of blocks and inline nodes out. Draws nothing and makes no HTML;
// message.js draws the tree. Marks that are not closed, or stand inside words, are ordinary text. Everybody's texts come
// through here, so each step consumes what it looked at: the work is linear, the depth bounded.

const QUOTES_WITHIN = 3;
const FENCE = "```";
const LANGUAGE = /^[\w+#.-]*$/;
const QUOTE = /^>+(?: |$)/;
const LIST = /^(?:-|(\d{1,4})[.)]) (?=\S)/;

const MARKS = { "**": "bold", _: "italic", "~~": "strike", "||": "spoiler" };
const EASTERN = "\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}\\p{Script=Hangul}";
const WORDS = `(?![${EASTERN}])[\\p{L}\\p{N}]`; // scripts that put no spaces between words have no "inside a word"
const WORD = new RegExp(`^${WORDS}`, "u");
const EASTERN_SIGN = new RegExp(`[${EASTERN}\\u3000-\\u303f\\uff00-\\uffef]`, "u");
// Before `_` and `~~`, so that ^_^ and 好的~~ stay as they are typed.
const BEFORE_SMALL = /^[\s\p{Ps}\p{Pi}"'—–/]/u;

// Endings that are hardly ever those of a file, a module or a sentence without its space.
const ENDINGS = "com|org|net|edu|gov|info|io|dev|app|xyz|ru|рф|su|by|kz|ua|cn|tw|hk|jp|kr|de|fr|uk|eu|nl|ch|pl|cz|ca|au|br";
const LABEL = "[a-z0-9\\u0430-\\u044fё][a-z0-9\\u0430-\\u044fё-]*\\.";
const HOST = `(?:${LABEL})+(?:${ENDINGS})(?![\\p{L}\\p{N}_@-]|\\.[a-z0-9])`;
const TAIL = `(?::\\d{1,5}(?!\\d))?(?:[/?#][^\\s<>"\`|\\\\^{}${EASTERN}\\u3000-\\u303f\\uff00-\\uffef“”‘’…]*)?`;
const ADDRESS = `https?://(?:\\[[0-9a-f:.]+\\]|[a-z0-9\\u0430-\\u044fё.-]+)(?![^\\s/?#]{0,256}@)${TAIL}`;
const LINK = `(?<!${WORDS})(?:${ADDRESS}|(?<![@._/-])${HOST}${TAIL})`;
const MENTION = `(?<!${WORDS}|[@./+-])@[\\p{L}\\p{Nd}][\\p{L}\\p{Mn}\\p{Mc}\\p{Nd}_.-]{1,31}`;
const TOKEN = new RegExp(`(\`+)|(\\*+|_+|~+|\\|+)|(${MENTION})|${LINK}`, "giu");
const LOOSE_END = new Set(".,;:!?'*_~)]»");

// A list of blocks: {kind: "text", nodes}, {kind: "code", text}, {kind: "quote", blocks}, {kind: "list", items: [{number, nodes}]}.
// A node is a string, {kind: "code", text}, {kind: "link", text, href}, {kind: "mention", text} or {kind, nodes}; whether
// somebody has the name that is mentioned is not known here. `meter.steps` counts the work.
export function parse(body, meter = { steps: 0 }) {
  return blocks(body.split("\n"), 0, meter);
}

// All that is read when nothing is hidden: the text without its marks.
export function readable(body) {
  return textOf(parse(body), (text) => text);
}

// For one line elsewhere, as a preview or a notification: a spoiler stays hidden there.
export function plain(body) {
  return textOf(parse(body), () => "▒▒▒");
}

function textOf(tree, spoiler) {
  const inline = (nodes) => nodes.map(node).join("");
  const node = (one) => {
    if (typeof one === "string") return one;
    const text = one.nodes ? inline(one.nodes) : one.text;
    return one.kind === "spoiler" ? spoiler(text) : text;
  };
  const block = {
    text: ({ nodes }) => inline(nodes),
    code: ({ text }) => text,
    quote: (one) => textOf(one.blocks, spoiler),
    list: ({ items }) => items.map((item) => inline(item.nodes)).join("\n"),
  };
  return tree.map((one) => block[one.kind](one)).join("\n");
}

function blocks(lines, depth, meter) {
  const found = [];
  let text = [];
  let at = 0;
  let fences = true; // until one is found to stay open
  const endText = () => {
    if (text.length) found.push({ kind: "text", nodes: inline(text.join("\n"), meter) });
    text = [];
  };
  while (at < lines.length) {
    meter.steps += 1;
    const line = lines[at];
    const taken = (fences && line.startsWith(FENCE) && code()) || (depth < QUOTES_WITHIN && quote()) || list();
    if (taken) {
      endText();
      found.push(taken.block);
      at = taken.end;
    } else {
      text.push(line);
      at += 1;
    }
  }
  endText();
  return found;

  function code() {
    const first = lines[at].slice(FENCE.length);
    const alone = first.trimEnd();
    if (alone.length > FENCE.length && alone.endsWith(FENCE) && alone.indexOf("`") === alone.length - FENCE.length) {
      return { block: { kind: "code", text: alone.slice(0, -FENCE.length) }, end: at + 1 };
    }
    if (first.includes("`")) return null;
    let last = at + 1;
    while (last < lines.length && !lines[last].trimEnd().endsWith(FENCE)) last += 1;
    meter.steps += last - at;
    fences = last < lines.length;
    if (!fences) return null;
    const end = lines[last].trimEnd().slice(0, -FENCE.length);
    const inside = [...(LANGUAGE.test(first.trim()) ? [] : [first]), ...lines.slice(at + 1, last), ...(end ? [end] : [])];
    return inside.join("").trim() ? { block: { kind: "code", text: inside.join("\n") }, end: last + 1 } : null;
  }

  function quote() {
    let end = at;
    while (end < lines.length && QUOTE.test(lines[end])) end += 1;
    if (end === at) return null;
    const inside = lines.slice(at, end).map((line) => line.replace(/^> ?/, ""));
    const said = inside.some((line) => /[^>\s]/.test(line));
    return said ? { block: { kind: "quote", blocks: blocks(inside, depth + 1, meter) }, end } : null;
  }

  function list() {
    const items = [];
    const numbered = LIST.exec(lines[at])?.[1] !== undefined;
    for (let match, end = at; (match = LIST.exec(lines[end] ?? "")) && (match[1] !== undefined) === numbered; end += 1) {
      items.push({ number: numbered ? Number(match[1]) : null, nodes: inline(lines[end].slice(match[0].length), meter) });
    }
    return items.length ? { block: { kind: "list", items }, end: at + items.length } : null;
  }
}

function inline(text, meter) {
  const nodes = []; // what is ready, and marks that may still find their other half
  const open = []; // {kind, index into nodes}: at most one of each kind, the newest
  const runs = backticks(text);
  let done = 0;
  TOKEN.lastIndex = 0;
  for (let match; (match = TOKEN.exec(text)); ) {
    meter.steps += 1;
    const { 0: token, 1: ticks, 2: marks, 3: name, index } = match;
    const end = ticks ? code(ticks, index) : marks ? mark(marks, index) : name ? mention(name, index) : link(token, index);
    if (end !== undefined) done = TOKEN.lastIndex = end;
  }
  say(text.length);
  return merged(nodes);

  function say(end) {
    if (end > done) nodes.push(text.slice(done, end));
  }

  function code(ticks, index) {
    const start = index + ticks.length;
    const end = runs.next(ticks.length, start);
    const inside = text.slice(start, end);
    if (end === undefined || !inside.trim()) return undefined;
    say(index);
    nodes.push({ kind: "code", text: ticks.length > 1 ? inside.replace(/^ ([^]*) $/, "$1") : inside });
    return end + ticks.length;
  }

  function link(token, index) {
    const address = withoutLooseEnd(token);
    const href = hrefOf(address);
    if (!href) return undefined;
    say(index);
    nodes.push({ kind: "link", text: address, href });
    return index + address.length;
  }

  // Marks at the end belong to the sentence, and may close what stands around.
  function mention(name, index) {
    const text = name.replace(/[_.-]+$/, "");
    say(index);
    nodes.push({ kind: "mention", text });
    return index + text.length;
  }

  function mark(marks, index) {
    const kind = MARKS[marks];
    if (!kind) return undefined;
    const end = index + marks.length;
    const opener = open.findLastIndex((one) => one.kind === kind);
    const closes = opener >= 0 && open[opener].end < index && /\S/.test(text[index - 1]) && !WORD.test(text.slice(end, end + 2));
    if (!closes && !opens(kind, index, end)) return undefined;
    say(index);
    if (closes) {
      const start = open[opener].index;
      nodes.splice(start, Infinity, { kind, nodes: merged(nodes.slice(start + 1)) });
      open.length = opener;
    } else {
      if (opener >= 0) open.splice(opener, 1);
      open.push({ kind, index: nodes.length, end });
      nodes.push(marks);
    }
    return end;
  }

  function opens(kind, index, end) {
    if (!/\S/.test(text[end] ?? " ")) return false;
    if (index === 0 || open.at(-1)?.end === index) return true;
    const before = characterBefore(text, index);
    if (kind === "strike") return BEFORE_SMALL.test(before);
    if (kind === "italic") return BEFORE_SMALL.test(before) || EASTERN_SIGN.test(before);
    return !WORD.test(before);
  }
}

// Where runs of backticks begin, by their length; each is passed once.
function backticks(text) {
  const starts = new Map();
  for (const { 0: run, index } of text.matchAll(/`+/g)) {
    if (!starts.has(run.length)) starts.set(run.length, { at: 0, all: [] });
    starts.get(run.length).all.push(index);
  }
  return {
    next(length, from) {
      const known = starts.get(length);
      while (known.all[known.at] < from) known.at += 1;
      return known.all[known.at];
    },
  };
}

function withoutLooseEnd(token) {
  let end = token.length;
  const unmatched = { ")": 0, "]": 0 };
  for (const one of token) {
    if (one === "(") unmatched[")"] -= 1;
    else if (one === "[") unmatched["]"] -= 1;
    else if (one in unmatched) unmatched[one] += 1;
  }
  while (LOOSE_END.has(token[end - 1])) {
    const last = token[end - 1];
    if (last in unmatched) {
      if (unmatched[last] <= 0) break;
      unmatched[last] -= 1;
    }
    end -= 1;
  }
  return token.slice(0, end);
}

function hrefOf(address) {
  try {
    const url = new URL(/^https?:/i.test(address) ? address : `https://${address}`);
    return /^https?:$/.test(url.protocol) && !url.username ? url.href : null;
  } catch {
    return null;
  }
}

function characterBefore(text, index) {
  const low = text.charCodeAt(index - 1);
  return text.slice(low >= 0xdc00 && low <= 0xdfff ? index - 2 : index - 1, index);
}

function merged(nodes) {
  const result = [];
  for (const node of nodes) {
    if (typeof node === "string" && typeof result.at(-1) === "string") result.push(result.pop() + node);
    else result.push(node);
  }
  return result;
}
