// The paper beside the answer: open it at a quote, search and zoom in it, and ask about what is selected.
//
// A click on a link of class fn-open opens its address, and a click on a footnote that of the link in its card. (Gradio
// removes data attributes from HTML.) The document gets the event footnote-opened when a paper is opened, and
// footnote-only when a question on it is begun: its detail is the papers to search.

import { fetched, make } from "./dom.js";
import { Pages } from "./viewer-pages.js";
import { PaperText } from "./viewer-text.js";

const ZOOM_STEP = 1.25;
const SEARCH_MS = 250; // after the last letter that was typed
const SHOWN_MS = 2000; // that something was copied
const MOST_QUOTED = 1500; // characters of a selection in a question, which can have 2,000

let view = null; // what the server says of the paper
let content = null; // Pages or PaperText
let matches = [];
let chosen = -1;
let opening = 0;
let searching = 0;
let timer = 0;

const button = (name, text, act, more = {}) => make("button", { type: "button", title: name, "aria-label": name, onclick: act, ...more }, text);
const keep = { onmousedown: (event) => event.preventDefault() }; // the selection

// One row of controls: the rest is in a menu, and in a second row while something is looked for.
const title = make("h2", { class: "fv-title" });
const page = make("input", { type: "number", min: 1, "aria-label": "Page", onchange: () => content.showPage(Number(page.value)) });
const pageCount = make("span");
const paging = make("span", { class: "fv-group" }, page, pageCount,
  button("Zoom out", "−", () => zoom(1 / ZOOM_STEP)), button("Zoom in", "+", () => zoom(ZOOM_STEP)));
const looking = button("Find in this paper", "", () => showFinding(finding.hidden), { class: "fv-icon fv-look", "aria-expanded": "false" });
const about = make("p", { class: "fv-about" });
const zoomed = make("span", { class: "fv-zoomed" });
const zooming = make("div", { class: "fv-group" }, make("span", {}, "Zoom ", zoomed),
  make("button", { type: "button", onclick: () => { content.fitText(); showZoom(); } }, "Fit the text"),
  make("button", { type: "button", onclick: () => { content.fitPage(); showZoom(); } }, "Fit the page"));
const quotes = make("div", { class: "fv-group", role: "group", "aria-label": "Quotes in this paper" });
const asking = () => make("div", { class: "fv-group" },
  button("Ask about this: the selected text, or the quote", "Ask about this", ask, keep),
  button("More like this passage: passages of all papers like the selected text, or the quote", "More like this", findSimilar, keep),
  button("Copy the selected text, or the quote", "Copy", copyPassage, keep));
const onPassage = asking();
const menu = make("details", { class: "fv-menu" }, make("summary", { "aria-label": "More", title: "More" }, "⋯"),
  make("div", { class: "fv-choices" }, about, quotes, zooming, onPassage));
const words = make("input", { type: "search", placeholder: "Find in this paper", "aria-label": "Find in this paper", maxlength: 200, oninput: find, onkeydown: step });
const found = make("span", { role: "status", class: "fv-count" });
const finding = make("div", { class: "fv-group fv-finding", hidden: true }, words, found,
  button("Previous place", "↑", () => choose(chosen - 1)), button("Next place", "↓", () => choose(chosen + 1)),
  button("Close the search", "×", () => showFinding(false)));
const notes = make("div", { class: "fv-notes" });
const area = make("div", { class: "fv-area", tabindex: 0, role: "region", "aria-label": "Pages of the paper", onkeydown: keys, oncopy: copy });
const similar = make("div", { class: "fv-similar", hidden: true });
const onSelection = make("div", { class: "fv-selection", hidden: true }, asking());
const viewer = make("section", { class: "fv", "aria-label": "Paper", onkeydown: escape },
  make("div", { class: "fv-bar" }, button("Back to the quotes", "← Quotes", close, { class: "fv-back" }), title, paging, looking, menu),
  finding, notes, similar, area, onSelection);
let footnote = null; // from which the paper was opened

document.addEventListener("click", (event) => {
  if (!menu.contains(event.target)) menu.open = false;
  const clicked = event.target.closest("a.fn-ref");
  const card = clicked && document.getElementById(clicked.getAttribute("href").slice(1));
  const link = clicked ? card?.querySelector("a.fn-open") : event.target.closest("a.fn-open");
  if (!link || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  const target = link.closest(".fn-target")?.id.replace("card-", "ref-");
  footnote = clicked ?? (target ? document.getElementById(target) : viewer.contains(link) ? footnote : null);
  if (card?.closest("details")) for (let each = card.closest("details"); each; each = each.parentElement.closest("details")) each.open = true;
  open(link.getAttribute("href"));
});

// Open and close

async function open(address) {
  const number = (opening += 1);
  const place = document.getElementById("viewer");
  if (!place) return;
  if (viewer.parentElement !== place) place.append(viewer);
  place.classList.add("fv-open");
  area.setAttribute("aria-busy", "true");
  document.dispatchEvent(new CustomEvent("footnote-opened"));
  area.focus({ preventScroll: true });
  try {
    const loaded = await fetched(address);
    if (number === opening) show(loaded);
  } catch (error) {
    if (number === opening) show({ title: "The paper cannot be shown", about: "", notes: [error.message], pages: [], text: [], marks: [] });
  }
  if (number === opening) area.removeAttribute("aria-busy");
}

function show(loaded) {
  const isSame = view && view.paper === loaded.paper && view.version === loaded.version;
  view = loaded;
  content?.close();
  area.replaceChildren();
  similar.hidden = onSelection.hidden = true;
  menu.open = false;
  title.textContent = title.title = view.title;
  about.textContent = [view.title, view.about].filter(Boolean).join(" · ");
  notes.replaceChildren(...view.notes.map((note) => make("p", {}, note)));
  paging.hidden = zooming.hidden = !view.pages.length;
  onPassage.hidden = looking.hidden = !view.paper;
  page.max = view.pages.length;
  pageCount.textContent = `/ ${view.pages.length}`;
  quotes.hidden = view.marks.length < 2;
  quotes.replaceChildren("Quotes: ", ...[...view.marks].sort((one, other) => one.number - other.number)
    .map((mark) => button(`Quote ${mark.number}`, String(mark.number), () => { menu.open = false; content.showSpan(mark); })));
  area.setAttribute("aria-label", view.pages.length ? `Pages of ${view.title}` : `Text of ${view.title}`);
  area.classList.toggle("fv-text", !view.pages.length);
  area.scrollTop = 0;
  content = view.pages.length ? new Pages(view, area, (at) => { if (document.activeElement !== page) page.value = at; showZoom(); }) : new PaperText(view, area);
  page.value = 1;
  showZoom();
  if (view.marks.length) content.showSpan(view.marks[0]);
  if (document.activeElement === document.body) area.focus({ preventScroll: true }); // it was hidden before
  if (isSame && words.value) find();
  else { words.value = ""; showMatches([]); showFinding(false); }
}

function close() {
  opening += 1;
  content?.close();
  content = view = null;
  document.getElementById("viewer")?.classList.remove("fv-open");
  viewer.remove();
  const card = footnote && document.getElementById(footnote.getAttribute("href").slice(1));
  if (card) card.focus();
  else document.querySelector("#question textarea")?.focus();
}

// Escape closes what is open over the page, then leads back to the sentence that the paper was opened from.
function escape(event) {
  if (event.key !== "Escape") return;
  event.stopPropagation();
  if (menu.open) {
    menu.open = false;
    menu.firstChild.focus();
  } else if (!finding.hidden && finding.contains(event.target)) {
    showFinding(false);
  } else if (footnote) {
    document.querySelector(".fn-show-answer")?.click();
    const shown = footnote.isConnected ? footnote : document.querySelector(`a.fn-ref[href="${footnote.getAttribute("href")}"]`);
    shown?.focus();
  }
}

// Zoom

function zoom(factor) {
  content.zoomBy(factor);
  showZoom();
}

function showZoom() {
  if (content?.zoom) zoomed.textContent = `${Math.round((content.zoom * 7200) / 96)}%`;
}

function keys(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "/") showFinding(true);
  else if (content?.zoom && event.key === "+") zoom(ZOOM_STEP);
  else if (content?.zoom && event.key === "-") zoom(1 / ZOOM_STEP);
  else return;
  event.preventDefault();
}

// Search in the paper

function showFinding(isShown) {
  finding.hidden = !isShown;
  looking.setAttribute("aria-expanded", String(isShown));
  if (isShown) words.focus();
  else if (words.value) {
    words.value = "";
    showMatches([]);
  }
  if (!isShown && viewer.isConnected) area.focus({ preventScroll: true });
}

function find() {
  clearTimeout(timer);
  timer = setTimeout(findNow, SEARCH_MS);
}

async function findNow() {
  clearTimeout(timer);
  const number = (searching += 1);
  const wanted = words.value.trim();
  if (!wanted) return showMatches([]);
  try {
    const places = await fetched(`paper/${encodeURIComponent(view.paper)}/found.json?words=${encodeURIComponent(wanted)}`);
    if (number === searching) showMatches(places);
  } catch (error) {
    found.textContent = error.message;
  }
}

function showMatches(places) {
  matches = places;
  chosen = -1;
  content.markFound(matches);
  found.textContent = words.value.trim() ? "Not found" : "";
  if (matches.length) choose(0);
}

function choose(at) {
  if (!matches.length) return;
  chosen = (at + matches.length) % matches.length;
  content.chooseFound(chosen);
  content.showSpan(matches[chosen]);
  found.textContent = `${chosen + 1} of ${matches.length}`;
}

async function step(event) {
  if (event.key !== "Enter") return;
  event.preventDefault();
  if (!matches.length) await findNow();
  else choose(chosen + (event.shiftKey ? -1 : 1));
}

// What is selected

function copy(event) {
  const text = content.selected(getSelection());
  if (!text) return;
  event.clipboardData.setData("text/plain", text);
  event.preventDefault();
}

// What can be done with selected text is offered once the selection is made: it would be in the way before.
let pressed = false;
function offer() {
  onSelection.hidden = pressed || !view || !selectedText();
}
for (const kind of ["pointerdown", "pointerup", "pointercancel"]) {
  document.addEventListener(kind, (event) => {
    pressed = kind === "pointerdown" && area.contains(event.target);
    setTimeout(offer);
  });
}
document.addEventListener("selectionchange", offer);

function selectedText() {
  const selection = getSelection();
  const isHere = selection.rangeCount && !selection.isCollapsed && selection.getRangeAt(0).intersectsNode(area);
  return isHere && content ? content.selected(selection) : "";
}

async function copyPassage(event) {
  const { target } = event;
  const before = target.textContent;
  try {
    await navigator.clipboard.writeText(selectedText() || view.marks[0]?.words || "");
    target.textContent = "Copied";
  } catch {
    target.textContent = "Not allowed here";
  }
  setTimeout(() => { target.textContent = before; }, SHOWN_MS);
}

// Return the selected text of the paper, or else the quote at which it was opened.
function passage() {
  const text = selectedText() || view.marks[0]?.words || "";
  const short = text.length > MOST_QUOTED ? `${text.slice(0, MOST_QUOTED).replace(/\s+\S*$/, "")} …` : text;
  return short.replace(/\s+/g, " ").trim();
}

function ask() {
  menu.open = false;
  const text = passage();
  const box = document.querySelector("#question textarea");
  if (!text) return say("Select some text first.");
  box.value = `“${text}” `;
  box.dispatchEvent(new Event("input", { bubbles: true }));
  document.dispatchEvent(new CustomEvent("footnote-only", { detail: [{ id: view.paper, title: view.title }] }));
  box.focus();
  box.setSelectionRange(box.value.length, box.value.length);
}

async function findSimilar() {
  const text = passage();
  if (!text) return say("Select some text first.");
  say("Searching all papers …");
  try {
    const options = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ text }) };
    const passages = await fetched("similar.json", options);
    say(`${passages.length} passages like this:`);
    similar.append(make("ul", {}, ...passages.map(like)));
  } catch (error) {
    say(error.message);
  }
}

function like({ title: name, about: where, text, view: address }) {
  return make("li", {}, make("a", { href: address, class: "fn-open" }, name), make("p", { class: "fv-about" }, where),
    make("p", {}, text));
}

function say(text) {
  menu.open = false;
  similar.hidden = false;
  similar.replaceChildren(make("div", { class: "fv-head" }, make("p", { role: "status" }, text),
    button("Close the list", "Close", () => { similar.hidden = true; })));
}
