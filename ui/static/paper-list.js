// A list of papers: search, filters with counts, an order, and rows with check boxes, a page at a time. The library pane
// and the Library place are such lists. Texts of papers become text nodes only.

import { fetched, make } from "./dom.js";

const FACETS = { years: "Year", tags: "Tag", collections: "Collection" };
const ORDERS = { newest: "Last added", title: "Title", author: "First author", year: "Year" };
const WAIT_MS = 150; // after a key

export const counted = (number) => `${number.toLocaleString("en")} paper${number === 1 ? "" : "s"}`;

export class PaperList {
  // `id` begins the ids of the fields, `label` names the search. `changed` is called when papers or values are chosen;
  // `loaded` after the rows are shown; `row` returns the content of a row, given a paper and its check box.
  constructor({ id, label, changed, row, loaded = () => {} }) {
    this.chosen = { papers: new Map(), years: new Set(), tags: new Set(), collections: new Set() };
    this.papers = []; // those that are shown
    this.asked = 0; // requests so far; an older reply does not replace a newer one
    this.changed = changed;
    this.loaded = loaded;
    this.makeRow = row;
    const load = () => this.load();
    let timer = 0;
    this.words = make("input", { type: "search", id: `${id}-words`, placeholder: "Title, author, tag or file", maxlength: 200,
      oninput: () => { clearTimeout(timer); timer = setTimeout(load, WAIT_MS); } });
    this.order = make("select", { id: `${id}-order`, onchange: load },
      ...Object.entries(ORDERS).map(([value, name]) => make("option", { value }, name)));
    this.facets = make("div", { class: "fn-facets" });
    this.count = make("p", { class: "fn-quiet", role: "status" });
    this.rows = make("ul", { class: "fn-rows" });
    this.more = make("button", { type: "button", class: "fn-plain", hidden: true, onclick: () => this.load(this.papers.length) }, "Show more");
    this.search = [make("label", { class: "fn-label", for: `${id}-words` }, label), this.words];
    this.sorting = make("div", { class: "fn-line" }, make("label", { class: "fn-quiet", for: `${id}-order` }, "Sort by"), this.order);
  }

  async load(first = 0) {
    const number = ++this.asked;
    try {
      const reply = await fetched(this.address(first));
      if (number === this.asked) this.show(reply, first);
    } catch {
      if (number === this.asked) this.count.textContent = "The papers could not be listed. Is Footnote still running?";
    }
  }

  address(first) {
    const query = new URLSearchParams({ words: this.words.value, order: this.order.value, first });
    for (const facet of Object.keys(FACETS)) for (const value of this.chosen[facet]) query.append(facet, value);
    return `papers.json?${query}`;
  }

  show(reply, first) {
    this.papers = first ? [...this.papers, ...reply.papers] : reply.papers;
    this.found = reply.found;
    this.total = reply.total;
    this.count.textContent = reply.found === reply.total ? counted(reply.total) : `${reply.found.toLocaleString("en")} of ${counted(reply.total)}`;
    for (const paper of this.papers) if (this.chosen.papers.has(paper.id)) this.chosen.papers.set(paper.id, paper);
    const hidden = [...this.chosen.papers.values()].filter((paper) => !this.papers.some((each) => each.id === paper.id));
    const focused = document.activeElement?.closest("[data-focus]")?.dataset.focus;
    this.rows.replaceChildren(...[...hidden, ...this.papers].map((paper) => this.row(paper)));
    this.more.hidden = this.papers.length >= reply.found;
    this.facets.replaceChildren(...Object.keys(FACETS).map((name) => this.facet(name, reply.facets[name])).filter(Boolean));
    if (focused) [...this.rows.querySelectorAll("[data-focus]"), ...this.facets.querySelectorAll("[data-focus]")].find((each) => each.dataset.focus === focused)?.focus();
    this.loaded();
  }

  row(paper) {
    const box = make("input", { type: "checkbox", "data-focus": `choose ${paper.id}`, onchange: () => {
      if (box.checked) this.chosen.papers.set(paper.id, paper);
      else this.chosen.papers.delete(paper.id);
      this.changed();
    } });
    box.checked = this.chosen.papers.has(paper.id);
    return make("li", {}, this.makeRow(paper, box));
  }

  facet(name, values) {
    const missing = [...this.chosen[name]].filter((value) => !values.some(([each]) => each === value)).map((value) => [value, 0]);
    const shown = [...values, ...missing];
    if (!shown.length) return null;
    if (name === "years") shown.sort((one, other) => other[0] - one[0]);
    const before = this.facets.querySelector(`details[data-name="${name}"]`);
    return make("details", { "data-name": name, open: before?.open || this.chosen[name].size > 0 },
      make("summary", { "data-focus": `facet ${name}` }, FACETS[name]),
      make("div", { class: "fn-values", role: "group", "aria-label": FACETS[name] }, ...shown.map(([value, number]) => {
        const box = make("input", { type: "checkbox", "data-focus": `${name} ${value}`, onchange: () => {
          if (box.checked) this.chosen[name].add(value);
          else this.chosen[name].delete(value);
          this.changed();
          this.load();
        } });
        box.checked = this.chosen[name].has(value);
        return make("label", {}, box, make("span", {}, value), make("span", { class: "fn-quiet fn-figure" }, String(number)));
      })));
  }

  choose(papers) {
    for (const paper of papers) this.chosen.papers.set(paper.id, paper);
    this.update();
  }

  clear() {
    for (const values of Object.values(this.chosen)) values.clear();
    this.changed();
    this.load();
  }

  // Bring the check boxes to what is chosen.
  update() {
    this.changed();
    for (const box of this.rows.querySelectorAll("input")) box.checked = this.chosen.papers.has(box.dataset.focus.slice(7));
  }
}

// Return the lines on a paper below its title.
export function aboutPaper(paper) {
  return [
    make("span", { class: "fn-quiet" }, [paper.authors, paper.year, paper.venue, paper.read].filter(Boolean).join(" · ")),
    ...paper.tags.map((tag) => make("span", { class: "fn-tag" }, tag)),
  ];
}
