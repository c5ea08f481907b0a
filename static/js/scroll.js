// Keeps the reader's place in the log: at the end while they are there, otherwise at what they look at. Whatever grows or
// goes above it (pages, pictures, fonts, edits) moves nothing under the eye. All that scrolls goes through here, one after
// another.

export const NEAR = 48; // px from the end that still count as it
const ANCHORS = 20;

export class Place {
  #element;
  #atEnd = true;
  #follows = true; // what comes at the end stays in view
  #anchor = null; // {row, top}: what stays where it is
  #set = null; // where we scrolled to ourselves
  #told = "";
  #onChange;

  // `onChange()` hears when one comes to an end or leaves it, or looks at another part (`[data-section]`).
  constructor(element, onChange) {
    this.#element = element;
    this.#onChange = onChange;
    element.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    // The keyboard of a phone, a growing composer, a turned screen; and what grows by itself inside.
    const grown = new ResizeObserver(() => this.#restore());
    for (const one of [element, element.firstElementChild]) grown.observe(one);
  }

  get atEnd() {
    return this.#follows && this.#atEnd;
  }

  // Where more is to come below, the end is a place like any other.
  set follows(follows) {
    if (follows === this.#follows) return;
    this.#follows = follows;
    this.#look();
  }

  get nearStart() {
    return this.#element.scrollTop < this.#element.clientHeight;
  }

  get nearEnd() {
    return this.#distance() < this.#element.clientHeight;
  }

  // What is above the first row that one sees.
  get section() {
    return this.#visible(1)[0]?.closest("[data-section]") ?? null;
  }

  toEnd() {
    this.#follows = this.#atEnd = true;
    this.#restore();
  }

  // The message at the top edge and how far below the edge it begins, or null at the end.
  get current() {
    const first = this.atEnd ? null : this.#visible(ANCHORS).find((row) => row.dataset.seq);
    return first ? { seq: Number(first.dataset.seq), top: this.#topOf(first) } : null;
  }

  // `top` is how far below the edge; where nothing is said, so that something is seen above it.
  to(row, top = this.#element.clientHeight / 4) {
    this.#scrollTo(this.#element.scrollTop + this.#topOf(row) - top);
    this.#look();
  }

  // Draw without moving what is being looked at. That may be something that goes: then the next one stays.
  keep(draw) {
    if (this.#element.scrollTop !== this.#set) this.#look();
    const rows = this.atEnd ? [] : this.#visible(ANCHORS);
    const anchors = [this.#anchor, ...rows.map((row) => ({ row, top: this.#topOf(row) }))];
    draw();
    if (!this.atEnd) this.#anchor = anchors.find((one) => one?.row.isConnected) ?? null;
    this.#restore();
  }

  #scrolled() {
    // Our own scrolling is rounded to pixels of the screen: the anchor remembers where it was meant to be.
    if (this.#element.scrollTop !== this.#set) this.#look();
    const now = [this.atEnd, this.nearStart, this.nearEnd, this.section?.dataset.section].join();
    if (now !== this.#told) this.#onChange();
    this.#told = now;
  }

  // Somebody looks elsewhere now.
  #look() {
    this.#set = this.#element.scrollTop;
    this.#atEnd = this.#distance() < NEAR;
    const [first, second] = this.#visible(2);
    // A row that begins above the edge may grow there; the next one is held, where there is one to be seen.
    const begun = first && second && this.#topOf(first) < 0 && this.#topOf(second) < this.#element.clientHeight;
    const row = begun ? second : first;
    this.#anchor = row ? { row, top: this.#topOf(row) } : null;
  }

  #restore() {
    if (this.atEnd) this.#scrollTo(this.#element.scrollHeight);
    else if (this.#anchor?.row.isConnected) this.#scrollTo(this.#element.scrollTop + this.#topOf(this.#anchor.row) - this.#anchor.top);
  }

  #scrollTo(top) {
    if (Math.abs(top - this.#element.scrollTop) >= 0.5) this.#element.scrollTop = top;
    this.#set = this.#element.scrollTop;
  }

  // The first rows that are not above the edge.
  #visible(most) {
    const rows = this.#element.querySelectorAll("[data-message], [data-line]");
    const edge = this.#element.getBoundingClientRect().top;
    let low = 0;
    let high = rows.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (rows[middle].getBoundingClientRect().bottom > edge) high = middle;
      else low = middle + 1;
    }
    return [...rows].slice(low, low + most);
  }

  #topOf(row) {
    return row.getBoundingClientRect().top - this.#element.getBoundingClientRect().top;
  }

  #distance() {
    return this.#element.scrollHeight - this.#element.scrollTop - this.#element.clientHeight;
  }
}
