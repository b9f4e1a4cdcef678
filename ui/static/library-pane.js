// The library pane: search, filters with counts, and the papers with check boxes. What is chosen is what a question is
// put to; it is written as JSON into a hidden box of the page. Texts of papers become text nodes only.

import { make } from "./dom.js";

const FACETS = { years: "Year", tags: "Tag", collections: "Collection" };
const ORDERS = { newest: "Last added", title: "Title", author: "First author", year: "Year" };
const WAIT_MS = 150; // after a key
const chosen = { papers: new Map(), years: new Set(), tags: new Set(), collections: new Set() };
let listed = []; // the papers that are shown
let asked = 0; // requests so far; an older reply does not replace a newer one

const words = make("input", { type: "search", id: "library-words", placeholder: "Title, author, tag or file", maxlength: 200 });
const order = make("select", { id: "library-order" },
  ...Object.entries(ORDERS).map(([value, name]) => make("option", { value }, name)));
const facets = make("div", { class: "fn-facets" });
const count = make("p", { class: "fn-quiet", role: "status" });
const rows = make("ul", { class: "fn-rows" });
const more = make("button", { type: "button", class: "fn-plain", hidden: true, onclick: () => load(listed.length) }, "Show more");
const only = make("button", { type: "button", class: "fn-plain", onclick: chooseShown }, "Ask only these");
const pane = make("div", { class: "fn-library" },
  make("label", { class: "fn-label", for: "library-words" }, "Search the library"), words,
  facets,
  make("div", { class: "fn-line" }, count, only),
  make("div", { class: "fn-line" }, make("label", { class: "fn-quiet", for: "library-order" }, "Sort by"), order),
  rows, more);

let timer = 0;
words.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(load, WAIT_MS); });
order.addEventListener("change", () => load());

function address(first) {
  const query = new URLSearchParams({ words: words.value, order: order.value, first });
  for (const facet of Object.keys(FACETS)) for (const value of chosen[facet]) query.append(facet, value);
  return `papers.json?${query}`;
}

async function load(first = 0) {
  const number = ++asked;
  let reply;
  try {
    const response = await fetch(address(Number(first) || 0));
    if (!response.ok) throw new Error();
    reply = await response.json();
  } catch {
    if (number === asked) count.textContent = "The papers could not be listed. Is Footnote still running?";
    return;
  }
  if (number !== asked) return;
  listed = first > 0 ? [...listed, ...reply.papers] : reply.papers;
  show(reply);
}

function show(reply) {
  const papers = (number) => `${number.toLocaleString("en")} paper${number === 1 ? "" : "s"}`;
  count.textContent = reply.found === reply.total ? papers(reply.total) : `${reply.found.toLocaleString("en")} of ${papers(reply.total)}`;
  const hidden = [...chosen.papers.values()].filter((paper) => !listed.some((each) => each.id === paper.id));
  rows.replaceChildren(...[...hidden, ...listed].map(row));
  more.hidden = listed.length >= reply.found;
  only.hidden = !listed.length || reply.found === reply.total;
  const focused = document.activeElement?.dataset?.facet;
  facets.replaceChildren(...Object.keys(FACETS).map((name) => facet(name, reply.facets[name])).filter(Boolean));
  if (focused) [...facets.querySelectorAll("input")].find((each) => each.dataset.facet === focused)?.focus();
}

function row(paper) {
  const box = make("input", { type: "checkbox", onchange: () => choose(paper, box.checked) });
  box.checked = chosen.papers.has(paper.id);
  return make("li", {}, make("label", {}, box, make("span", {},
    make("span", { class: "fn-row-title" }, paper.title),
    make("span", { class: "fn-quiet" }, [paper.authors, paper.year, paper.venue, paper.read].filter(Boolean).join(" · ")),
    ...(paper.tags ?? []).map((tag) => make("span", { class: "fn-tag" }, tag)))));
}

function facet(name, values) {
  const missing = [...chosen[name]].filter((value) => !values.some(([each]) => each === value)).map((value) => [value, 0]);
  const shown = [...values, ...missing];
  if (!shown.length) return null;
  if (name === "years") shown.sort((one, other) => other[0] - one[0]);
  const before = facets.querySelector(`details[data-name="${name}"]`);
  return make("details", { "data-name": name, open: before?.open || chosen[name].size > 0 },
    make("summary", {}, FACETS[name]),
    make("div", { class: "fn-values", role: "group", "aria-label": FACETS[name] }, ...shown.map(([value, number]) => {
      const box = make("input", { type: "checkbox", "data-facet": `${name} ${value}`, onchange: () => {
        if (box.checked) chosen[name].add(value);
        else chosen[name].delete(value);
        changed();
        load();
      } });
      box.checked = chosen[name].has(value);
      return make("label", {}, box, make("span", {}, value), make("span", { class: "fn-quiet fn-figure" }, String(number)));
    })));
}

function choose(paper, isChosen) {
  if (isChosen) chosen.papers.set(paper.id, paper);
  else chosen.papers.delete(paper.id);
  changed();
}

function chooseShown() {
  for (const paper of listed) chosen.papers.set(paper.id, paper);
  changed();
  for (const box of rows.querySelectorAll("input")) box.checked = true;
}

// Write what is chosen into the hidden box; nothing for all papers.
function changed() {
  const scope = { papers: [...chosen.papers.keys()], years: [...chosen.years].map(Number), tags: [...chosen.tags], collections: [...chosen.collections] };
  const box = document.querySelector("#scope-value textarea, #scope-value input");
  box.value = Object.values(scope).some((values) => values.length) ? JSON.stringify(scope) : "";
  box.dispatchEvent(new Event("input", { bubbles: true }));
}

function clear() {
  for (const values of Object.values(chosen)) values.clear();
  changed();
  load();
}

// The viewer sends it, with the ids of papers as detail: the next question is put to these.
document.addEventListener("footnote-only", (event) => {
  for (const values of Object.values(chosen)) values.clear();
  for (const paper of event.detail) chosen.papers.set(paper.id, paper);
  changed();
  load();
});

document.addEventListener("click", (event) => {
  if (event.target.closest("#unscope, #new")) clear();
  if (event.target.closest('[role="tab"]')) load(); // papers may have been corrected in another place
});

// Gradio makes the page after this script has run. The state in the bar changes with the library.
let state = "";
new MutationObserver(() => {
  const place = document.querySelector("#library-list");
  if (place && !pane.isConnected) {
    place.append(pane);
    load();
  }
  const now = document.querySelector(".fn-state")?.textContent ?? state;
  if (now !== state) {
    state = now;
    if (pane.isConnected) load();
  }
}).observe(document.documentElement, { childList: true, subtree: true, characterData: true });
