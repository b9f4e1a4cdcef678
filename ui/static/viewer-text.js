// The text of a paper without a PDF, with its sections; quotes and what was found are marked in it.

import { make } from "./dom.js";

const SHARE_ABOVE = 0.3;

export class PaperText {
  constructor(view, area) {
    Object.assign(this, { view, area, found: [], chosen: -1 });
    this.paragraphs = view.text.map(({ text }) => make("p", {}, text));
    view.text.forEach(({ heading }, at) => {
      if (heading) area.append(make("h3", {}, heading));
      area.append(this.paragraphs[at]);
    });
    this.mark();
  }

  close() {}

  // Mark the quotes, and what was found, by cutting each paragraph at their ends.
  mark() {
    const marked = new Map();
    for (const span of [
      ...this.view.marks.map((each) => [each.start, each.end, "fv-mark"]),
      ...this.found.map((each, at) => [each.start, each.end, at === this.chosen ? "fv-found fv-chosen" : "fv-found"]),
    ]) {
      for (let at = this.paragraphAt(span[0]); this.view.text[at]?.start < span[1]; at += 1) {
        marked.set(at, [...(marked.get(at) ?? []), span]);
      }
    }
    for (const at of this.cut ?? []) if (!marked.has(at)) this.paragraphs[at].textContent = this.view.text[at].text;
    for (const [at, spans] of marked) this.fill(this.paragraphs[at], this.view.text[at], spans);
    this.cut = [...marked.keys()];
  }

  // Return the index of the last paragraph that begins at or before a place of the text.
  paragraphAt(place) {
    let [first, last] = [0, this.view.text.length - 1];
    while (first < last) {
      const middle = Math.ceil((first + last) / 2);
      if (this.view.text[middle].start <= place) first = middle;
      else last = middle - 1;
    }
    return first;
  }

  fill(paragraph, { start, text }, spans) {
    const cuts = spans.flatMap(([from, to]) => [from - start, to - start]).map((cut) => Math.min(Math.max(cut, 0), text.length));
    const ends = [...new Set([0, ...cuts, text.length])].sort((one, other) => one - other);
    paragraph.replaceChildren(...ends.slice(1).map((end, at) => {
      const from = ends[at];
      const kinds = spans.filter(([a, b]) => a - start <= from && end <= b - start).map((each) => each[2]);
      const piece = text.slice(from, end);
      return kinds.length ? make("mark", { class: kinds.join(" ") }, piece) : document.createTextNode(piece);
    }));
  }

  markFound(matches) {
    this.found = matches;
    this.chosen = -1;
    this.mark();
  }

  chooseFound(at) {
    this.chosen = at;
    this.mark();
  }

  showSpan({ start }) {
    const at = this.paragraphAt(start);
    const paragraph = this.paragraphs[at];
    if (!paragraph) return;
    const mark = [...paragraph.querySelectorAll("mark")].find((each) => this.offset(paragraph, each) >= start - this.view.text[at].start);
    const place = (mark ?? paragraph).getBoundingClientRect().top - this.area.getBoundingClientRect().top;
    this.area.scrollTop += place - SHARE_ABOVE * this.area.clientHeight;
  }

  offset(paragraph, mark) {
    let length = 0;
    for (const each of paragraph.childNodes) {
      if (each === mark) return length;
      length += each.textContent.length;
    }
    return length;
  }

  selected(selection) {
    return selection.toString().trim();
  }
}
