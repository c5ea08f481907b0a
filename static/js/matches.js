// Where in a text stands what was looked for: folded as the server folds it (chat/queries.py), found in the text as it was
// written. Words come from the server, folded already.

const UNIT = /\s+|\S[\p{M}\u1160-\u11ff\uff9e\uff9f]*/gu; // a gap, or a sign with the marks that may melt into it
const GAP = /^\s/;
const BEFORE = 24; // characters of an excerpt before the first match
const LONGEST = 240;

// Case folding as far as it differs from small letters: ß is ss, a last σ is like any other.
function foldedUnit(unit) {
  if (GAP.test(unit)) return " ";
  const small = unit.normalize("NFKC").toLowerCase();
  const large = unit.normalize("NFKC").toUpperCase().toLowerCase();
  return (large.length > small.length ? large : small).normalize("NFKC").replaceAll("ς", "σ").replaceAll("ё", "е");
}

// The form in which a text is compared, and for each character of it from where to where it stands in the text.
export function folded(text) {
  let form = "";
  const from = [];
  const to = [];
  for (const { 0: unit, index } of text.matchAll(UNIT)) {
    const one = foldedUnit(unit);
    for (let at = 0; at < one.length; at += 1) {
      from.push(index);
      to.push(index + unit.length);
    }
    form += one;
  }
  return { form, from, to };
}

// [start, end] of everything in the text that is one of the words, in its order; what touches is one.
export function matchesIn(text, words) {
  const { form, from, to } = folded(text);
  const all = [];
  for (const word of words) {
    for (let at = form.indexOf(word); at >= 0 && word; at = form.indexOf(word, at + word.length)) all.push([from[at], to[at + word.length - 1]]);
  }
  return joined(all.sort(([a], [b]) => a - b));
}

function joined(matches) {
  const result = [];
  for (const [start, end] of matches) {
    const last = result.at(-1);
    if (last && start <= last[1]) last[1] = Math.max(last[1], end);
    else result.push([start, end]);
  }
  return result;
}

// A piece of the text around the first match: strings, and {kind: "found", text} for what was found.
export function excerpt(text, words) {
  const line = text.replace(/\s+/g, " ").trim();
  const matches = matchesIn(line, words);
  const start = matches.length ? beginning(line, matches[0][0]) : 0;
  const end = Math.max(start + LONGEST, matches[0]?.[1] ?? 0);
  const inside = matches.map(([a, b]) => [a - start, Math.min(b, end) - start]).filter(([a, b]) => a < b);
  return [...(start ? ["…"] : []), ...split(line.slice(start, end), inside), ...(end < line.length ? ["…"] : [])];
}

// A little before the first match, at the beginning of a word where there is one near.
function beginning(line, first) {
  if (first <= BEFORE * 2) return 0;
  const cut = first - BEFORE;
  const space = line.indexOf(" ", cut);
  if (space >= 0 && space < first) return space + 1;
  return /[\udc00-\udfff]/.test(line[cut]) ? cut - 1 : cut;
}

// The tree of a message (markup.js) with what was found in it marked, also across bold words and links.
export function marked(tree, words) {
  const draws = {
    text: (block) => ({ ...block, nodes: inline(block.nodes) }),
    code: (block) => ({ ...block, parts: split(block.text, matchesIn(block.text, words)) }),
    quote: (block) => ({ ...block, blocks: marked(block.blocks, words) }),
    list: (block) => ({ ...block, items: block.items.map((item) => ({ ...item, nodes: inline(item.nodes) })) }),
  };
  const inline = (nodes) => markedNodes(nodes, matchesIn(nodes.map(textOf).join(""), words));
  return tree.map((block) => draws[block.kind](block));
}

const textOf = (node) => (typeof node === "string" ? node : (node.text ?? node.nodes.map(textOf).join("")));

function markedNodes(nodes, matches, begin = 0) {
  let at = begin;
  return nodes.flatMap((node) => {
    const start = at;
    at += textOf(node).length;
    if (!matches.some(([from, to]) => from < at && to > start)) return [node];
    if (node.nodes) return [{ ...node, nodes: markedNodes(node.nodes, matches, start) }];
    const text = textOf(node);
    const inside = matches.map(([from, to]) => [Math.max(from - start, 0), Math.min(to - start, text.length)]).filter(([from, to]) => from < to);
    const parts = split(text, inside);
    return typeof node === "string" ? parts : [{ ...node, parts }];
  });
}

// The text in pieces: strings, and {kind: "found", text} where it was found.
function split(text, matches) {
  const pieces = [];
  let done = 0;
  for (const [start, end] of matches) {
    if (start > done) pieces.push(text.slice(done, start));
    pieces.push({ kind: "found", text: text.slice(start, end) });
    done = end;
  }
  if (done < text.length) pieces.push(text.slice(done));
  return pieces;
}
