// The library pane: what is chosen in its list is what a question is put to; it is written as JSON into a hidden box of
// the page.

import { make } from "./dom.js";
import { aboutPaper, PaperList } from "./paper-list.js";

const list = new PaperList({
  id: "library", label: "Search the library", changed,
  row: (paper, box) => make("label", {}, box, make("span", {}, make("span", { class: "fn-row-title" }, paper.title), ...aboutPaper(paper))),
  loaded: () => { only.hidden = !list.papers.length || list.found === list.total; },
});
const only = make("button", { type: "button", class: "fn-plain", hidden: true, onclick: () => list.choose(list.papers) }, "Ask only these");
const pane = make("div", { class: "fn-library" }, ...list.search, list.facets,
  make("div", { class: "fn-line" }, list.count, only), list.sorting, list.rows, list.more);

// Write what is chosen into the hidden box; nothing for all papers.
function changed() {
  const { papers, years, tags, collections } = list.chosen;
  const scope = { papers: [...papers.keys()], years: [...years].map(Number), tags: [...tags], collections: [...collections] };
  const box = document.querySelector("#scope-value textarea, #scope-value input");
  box.value = Object.values(scope).some((values) => values.length) ? JSON.stringify(scope) : "";
  box.dispatchEvent(new Event("input", { bubbles: true }));
}

// The viewer and the Library place send it, with papers as detail: the next question is put to these.
document.addEventListener("footnote-only", (event) => {
  for (const values of Object.values(list.chosen)) values.clear();
  for (const paper of event.detail) list.chosen.papers.set(paper.id, { authors: "", year: null, venue: "", tags: [], read: "", ...paper });
  changed();
  list.load();
});

document.addEventListener("click", (event) => {
  if (event.target.closest("#unscope, #new")) list.clear();
  if (event.target.closest('[role="tab"]')) list.load(); // papers may have been corrected in another place
});

// Gradio makes the page after this script has run. The state in the bar changes with the library.
let state = "";
new MutationObserver(() => {
  const place = document.querySelector("#library-list");
  if (place && !pane.isConnected) {
    place.append(pane);
    list.load();
  }
  const now = document.querySelector(".fn-state")?.textContent ?? state;
  if (now !== state) {
    const isFirst = !state; // the list was loaded as the pane was made
    state = now;
    if (pane.isConnected && !isFirst) list.load();
  }
}).observe(document.documentElement, { childList: true, subtree: true, characterData: true });
