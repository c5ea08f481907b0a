// Keeps the reader's place in the log: at the end while they are there, otherwise at the message they look at.

const NEAR = 48;
const ANCHORS = 20;
const ABOVE = 64; // what stays visible over a message one is led to

export class Place {
  #element;
  #atEnd = true;

  constructor(element, onChange) {
    this.#element = element;
    element.addEventListener("scroll", () => {
      this.#atEnd = this.#distance() < NEAR;
      onChange();
    }, { passive: true });
    // The keyboard of a phone, a growing composer, a turned screen: the end stays in view.
    new ResizeObserver(() => this.#atEnd && this.toEnd()).observe(element);
  }

  get atEnd() {
    return this.#atEnd;
  }

  get nearStart() {
    return this.#element.scrollTop < this.#element.clientHeight;
  }

  toEnd() {
    this.#atEnd = true;
    this.#element.scrollTop = this.#element.scrollHeight;
  }

  // The message at the top edge and how far below the edge it begins, or null at the end.
  get current() {
    const first = this.#atEnd ? null : this.#firstVisible();
    return first?.dataset.seq ? { seq: Number(first.dataset.seq), top: this.#topOf(first) } : null;
  }

  to(target, top = ABOVE) {
    this.#atEnd = false;
    this.#element.scrollTop += this.#topOf(target) - top;
    this.#atEnd = this.#distance() < NEAR;
  }

  // Draw without moving what is being looked at. The first visible message may be one that goes: then the next one stays.
  keep(draw) {
    const anchors = this.#atEnd ? [] : this.#visible().map((row) => ({ row, top: row.getBoundingClientRect().top }));
    draw();
    const anchor = anchors.find(({ row }) => row.isConnected);
    if (this.#atEnd) this.toEnd();
    else if (anchor) this.#element.scrollTop += anchor.row.getBoundingClientRect().top - anchor.top;
  }

  #visible() {
    const [rows, first] = this.#rows();
    return [...rows].slice(first, first + ANCHORS);
  }

  #firstVisible() {
    const [rows, first] = this.#rows();
    return rows[first];
  }

  #rows() {
    const top = this.#element.getBoundingClientRect().top;
    const rows = this.#element.querySelectorAll("[data-message]");
    let low = 0;
    let high = rows.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (rows[middle].getBoundingClientRect().bottom > top) high = middle;
      else low = middle + 1;
    }
    return [rows, low];
  }

  #topOf(row) {
    return row.getBoundingClientRect().top - this.#element.getBoundingClientRect().top;
  }

  #distance() {
    return this.#element.scrollHeight - this.#element.scrollTop - this.#element.clientHeight;
  }
}
