// The pages of a PDF: placeholders of the right size, drawn when they come near, with selectable words and marks on top.

import { fetched, make } from "./dom.js";

const WIDTHS = [600, 1000, 1500, 2200]; // pixels, as the server draws pages
const SETTLE_MS = 80; // a page that is scrolled past faster is not drawn
const ZOOMS = [0.25, 8]; // pixels a point, smallest and largest
const SHARE_ABOVE = 0.3; // of the view's height, above a place that is shown
const MARGIN = 8; // pixels on the left and right of what fits the width
const LEGIBLE = 0.95; // pixels a point, at which the usual text of 10 points can be read
const LARGE = 1.5; // at which it needs to be no larger
const LETTERS = document.createElement("canvas").getContext("2d");

export class Pages {
  constructor(view, area, moved) {
    Object.assign(this, { view, area, moved, zoom: 1, target: null, found: [], words: new WeakMap() });
    this.pages = view.pages.map(([width, height], at) => this.placeholder(width, height, at + 1));
    area.append(...this.pages);
    for (const mark of view.marks) this.mark(mark.boxes, "fv-mark", `Quote ${mark.number || ""}`.trim());
    this.near = new IntersectionObserver((entries) => entries.forEach((entry) => this.come(entry)), {
      root: area, rootMargin: "60% 0px",
    });
    this.pages.forEach((page) => this.near.observe(page));
    this.sized = new ResizeObserver(() => this.resized());
    this.sized.observe(area);
    area.style.setProperty("--z", this.zoom);
    this.left = new AbortController();
    for (const kind of ["wheel", "keydown", "pointerdown"]) {
      area.addEventListener(kind, () => { this.target = null; }, { passive: true, signal: this.left.signal });
    }
    area.addEventListener("scroll", () => moved(this.current()), { passive: true, signal: this.left.signal });
    this.fitText();
  }

  close() {
    this.near.disconnect();
    this.sized.disconnect();
    this.left.abort();
  }

  placeholder(width, height, number) {
    const name = this.view.labels[number] ? `Page ${number}, printed as ${this.view.labels[number]}` : `Page ${number}`;
    const page = make("div", { class: "fv-page", role: "group", "aria-label": name });
    page.dataset.number = number;
    page.style.setProperty("--w", width);
    page.style.setProperty("--h", height);
    return page;
  }

  // Drawing

  come({ target: page, isIntersecting }) {
    clearTimeout(page.timer);
    if (isIntersecting) page.timer = setTimeout(() => this.draw(page), SETTLE_MS);
    else page.querySelectorAll(".fv-picture, .fv-words, .fv-error").forEach((each) => each.remove());
  }

  draw(page) {
    this.drawPicture(page);
    if (!page.querySelector(".fv-words")) this.layWords(page);
  }

  drawPicture(page) {
    const wanted = page.clientWidth * (window.devicePixelRatio || 1);
    const width = WIDTHS.find((each) => each >= wanted) ?? WIDTHS.at(-1);
    const before = page.querySelector(".fv-picture");
    if (before?.dataset.width === String(width)) return;
    const picture = make("img", { class: "fv-picture", alt: "", draggable: "false", "data-width": width });
    picture.addEventListener("load", () => before?.remove());
    picture.addEventListener("error", () => this.explain(page, picture));
    picture.src = this.address(page, `picture.png?width=${width}&v=${this.view.version}`);
    page.prepend(picture);
  }

  async explain(page, picture) {
    if (!picture.isConnected) return;
    const reason = await fetch(picture.src).then((reply) => reply.text(), () => "The page could not be drawn.");
    picture.replaceWith(make("p", { class: "fv-error" }, reason));
  }

  address(page, what) {
    return `paper/${encodeURIComponent(this.view.paper)}/${page.dataset.number}/${what}`;
  }

  async layWords(page) {
    const layer = make("div", { class: "fv-words" });
    page.append(layer);
    let words = [];
    try {
      words = await fetched(this.address(page, `words.json?v=${this.view.version}`));
    } catch { /* the picture says what is wrong */ }
    const next = words.slice(1);
    layer.append(...words.map((word, at) => this.word(word, next[at])));
  }

  // A word reaches to the next one on its line, so that the mouse is always over text while it selects.
  word([before, text, start, left, top, right, bottom], next) {
    const isOnLine = next && next[0] === " " && next[3] >= right && next[3] - right < bottom - top && next[4] < bottom && next[6] > top;
    const size = Math.min(bottom - top, Math.max(right - left, 1) * 2);
    LETTERS.font = `${size}px sans-serif`;
    const stretch = (right - left) / (LETTERS.measureText(text).width || 1);
    const word = make("span", { class: "fv-word" }, text);
    if (isOnLine) word.append(" ");
    word.style.cssText = `--x:${left};--y:${top};--f:${size};--s:${stretch};--b:${((isOnLine ? next[3] : right) - left) / stretch}`;
    this.words.set(word, { before, text, start });
    return word;
  }

  // Marks

  mark(boxes, kind, title) {
    const marks = boxes.map(([page, left, top, right, bottom]) => {
      const mark = make("div", { class: kind, title });
      mark.style.cssText = `--x:${left};--y:${top};--w:${right - left};--h:${bottom - top}`;
      this.pages[page - 1]?.append(mark);
      return mark;
    });
    return marks;
  }

  markFound(matches) {
    this.found.flat().forEach((mark) => mark.remove());
    this.found = matches.map((match) => this.mark(match.boxes, "fv-found", "Found"));
  }

  chooseFound(at) {
    this.found.forEach((marks, each) => marks.forEach((mark) => mark.classList.toggle("fv-chosen", each === at)));
  }

  // Moving

  // Several lines begin at the left of their column, one line anywhere in it.
  showSpan({ boxes }) {
    if (!boxes.length) return;
    const [number, left, top, right] = boxes[0];
    const lines = boxes.filter((box) => box[0] === number && box[1] < right && left < box[3]);
    this.show([number, Math.min(...lines.map((box) => box[1])), top, lines.length > 1]);
  }

  showPage(number) {
    this.show([number, 0, 0]);
  }

  show(box) {
    this.target = box;
    const [number, left, top, isFirst] = box;
    const page = this.pages[number - 1];
    if (!page || !this.area.clientHeight) return; // hidden: shown once it has a size
    const above = top ? SHARE_ABOVE * this.area.clientHeight : 4;
    this.area.scrollTop = page.offsetTop + top * this.zoom - above;
    this.area.scrollLeft = page.offsetLeft + this.leftOf(left, isFirst) * this.zoom - MARGIN;
    this.moved(this.current());
  }

  // Return from where a page is shown, in points, so that a place is in view: from the left of all text if it fits.
  leftOf(place, isFirst) {
    const width = (this.area.clientWidth - MARGIN) / this.zoom;
    const { sides, column } = this.view;
    if (sides && sides[1] - sides[0] <= width) return sides[0] - (width - (sides[1] - sides[0])) / 2;
    if (column && column[0] <= place && place <= column[1] && column[1] - column[0] <= width) return column[0];
    return isFirst ? place : Math.max(0, place - SHARE_ABOVE * width);
  }

  // Return the number of the page at the upper third of the view.
  current() {
    const place = this.area.scrollTop + SHARE_ABOVE * this.area.clientHeight + 1;
    let [first, last] = [0, this.pages.length - 1];
    while (first < last) {
      const middle = Math.ceil((first + last) / 2);
      if (this.pages[middle].offsetTop <= place) first = middle;
      else last = middle - 1;
    }
    return first + 1;
  }

  resized() {
    if (this.area.clientWidth && this.refit) this.refit();
  }

  // Zoom to all text of a page, without its margins; where that is too small to read, to the column of the quote.
  fitText() {
    this.refit = this.fitText;
    const { sides, column } = this.view;
    const page = this.zoomFor(this.widest());
    const text = sides ? Math.max(page, Math.min(this.zoomFor(sides[1] - sides[0]), LARGE)) : page;
    const isSmall = text < LEGIBLE && column;
    this.setZoom(isSmall ? Math.max(text, Math.min(this.zoomFor(column[1] - column[0]), LARGE)) : text);
  }

  fitPage() {
    this.refit = this.fitPage;
    this.setZoom(this.zoomFor(this.widest()));
  }

  widest() {
    return Math.max(...this.view.pages.slice(0, 50).map(([width]) => width));
  }

  zoomFor(width) {
    return (this.area.clientWidth - 2 * MARGIN) / width;
  }

  zoomBy(factor) {
    this.refit = null;
    this.setZoom(this.zoom * factor);
  }

  setZoom(zoom) {
    if (!this.area.clientWidth) return;
    const wanted = Math.min(Math.max(zoom, ZOOMS[0]), ZOOMS[1]);
    if (Math.abs(wanted - this.zoom) < 0.001) return;
    const at = this.current();
    const page = this.pages[at - 1];
    const share = (this.area.scrollTop - page.offsetTop) / (page.offsetHeight || 1);
    this.zoom = wanted;
    this.area.style.setProperty("--z", wanted);
    if (this.target) this.show(this.target);
    else this.area.scrollTop = page.offsetTop + share * page.offsetHeight;
    this.pages.filter((each) => each.querySelector(".fv-picture")).forEach((each) => this.drawPicture(each));
  }

  // Selection: what is copied has the spaces and paragraphs of the paper's text.

  selected(selection) {
    if (!selection.rangeCount) return "";
    const range = selection.getRangeAt(0);
    let text = "";
    for (const word of this.area.querySelectorAll(".fv-word")) {
      if (!range.intersectsNode(word)) continue;
      const known = this.words.get(word);
      const from = word.contains(range.startContainer) ? lettersBefore(word, range.startContainer, range.startOffset) : 0;
      const to = word.contains(range.endContainer) ? lettersBefore(word, range.endContainer, range.endOffset) : undefined;
      const letters = known.text.slice(from, to);
      if (letters) text += (text && known.before) + letters;
    }
    return text;
  }
}

// Return how many letters of a word are before a place in it; behind the letters may be a space.
function lettersBefore(word, node, offset) {
  const isInLetters = node === word.firstChild;
  return isInLetters ? offset : node === word && offset === 0 ? 0 : word.firstChild.length;
}
