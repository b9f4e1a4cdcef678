// The Library place: its papers as rows, what is done with several of them, the side sheet of one, and failed files.

import { fetched, make } from "./dom.js";
import { aboutPaper, counted, PaperList } from "./paper-list.js";
import { askOnly, button, goTo, goToReading, PaperSheet, post } from "./paper-sheet.js";

const MOST_WAIT_MS = 5000; // for the place to be made

const list = new PaperList({
  id: "shelf", label: "Search the papers", changed: showChosen, loaded: markOpen,
  row: (paper, box) => {
    box.setAttribute("aria-label", `Select ${paper.title}`);
    return make("div", { class: "fn-row" }, box, make("div", {},
      make("button", { type: "button", class: "fn-title", "data-focus": `open ${paper.id}`, onclick: () => open(paper.id) }, paper.title), ...aboutPaper(paper)));
  },
});
const sheet = new PaperSheet({ changed, removed: (id, title) => { list.chosen.papers.delete(id); changed(); say(`Removed: ${title}`); }, closed });

// What is done with the selected papers

const selected = make("p", {});
const tag = make("input", { type: "text", id: "shelf-tag", maxlength: 200, placeholder: "Tag" });
const sure = make("div", { class: "fn-sure", hidden: true });
const several = make("div", { class: "fn-several", role: "group", "aria-label": "Selected papers", hidden: true },
  make("div", { class: "fn-tools" }, selected,
    make("label", { for: "shelf-tag", class: "fn-unseen" }, "Tag for the selected papers"), tag,
    button("Add tag", () => tagAll(true)), button("Remove tag", () => tagAll(false)),
    button("Ask only these", () => askOnly([...list.chosen.papers.values()])),
    button("Remove", askToConfirm), button("Clear selection", () => { list.chosen.papers.clear(); list.update(); })),
  sure);
const done = make("p", { class: "fn-quiet", role: "status", id: "library-report" });
const all = button("Select all shown", () => list.choose(list.papers), { class: "fn-plain" });

function showChosen() {
  const { size } = list.chosen.papers;
  several.hidden = !size;
  sure.hidden = true;
  selected.textContent = `${counted(size)} selected`;
}

function say(text) {
  done.textContent = text;
}

// Do something with the selected papers in one request; say what it was done with, and why not with others.
async function withAll(verb, address, more, then = () => {}) {
  say(`${verb} ${counted(list.chosen.papers.size)} …`);
  try {
    const reply = await post(address, { ids: [...list.chosen.papers.keys()], ...more });
    reply.done.forEach(then);
    say([`${counted(reply.done.length)} done.`, ...reply.failed].join(" "));
  } catch (error) {
    say(error.message);
  }
  changed();
}

function tagAll(added) {
  const name = tag.value.replace(/[;\s]+/g, " ").trim();
  return name ? withAll("Tagging", "papers/tag.json", { tag: name, added }) : say("Write a tag first.");
}

function askToConfirm() {
  const papers = counted(list.chosen.papers.size);
  sure.replaceChildren(
    make("p", {}, `This removes ${papers} from the library. Stored answers lose the words that they quote from them. The files that they were added from are not deleted.`),
    button(`Really remove ${papers}`, removeAll, { class: "fn-button fn-stop" }), button("Keep them", () => { sure.hidden = true; }));
  sure.hidden = false;
  sure.querySelector("button").focus();
}

function removeAll() {
  return withAll("Removing", "papers/remove.json", {}, (id) => {
    list.chosen.papers.delete(id);
    if (sheet.id === id && sheet.isOpen) sheet.close();
  });
}

// One paper

function open(id) {
  sheet.open(id).then(markOpen);
}

function closed(id) {
  markOpen();
  [...list.rows.querySelectorAll(".fn-title")].find((each) => each.dataset.focus === `open ${id}`)?.focus();
}

function markOpen() {
  for (const each of list.rows.querySelectorAll(".fn-title")) {
    const isOpen = sheet.isOpen && each.dataset.focus === `open ${sheet.id}`;
    each.closest("li").classList.toggle("fn-current", isOpen);
    each.setAttribute("aria-expanded", String(isOpen));
  }
  place.classList.toggle("fn-with-sheet", sheet.isOpen);
}

// Failed files

const failed = make("details", { class: "fn-failed" }, make("summary", {}, "Files that could not be read"));

async function showFailures(reply) {
  const { failures, count, kept } = reply ?? (await fetched("failures.json"));
  const row = (file) => make("li", {}, make("span", {}, `${file.name}: ${file.reason}`), ...file.kept
    ? [button("Try again", (event) => retry(event, file.name), { class: "fn-plain", "aria-label": `Try ${file.name} again` })]
    : [make("span", { class: "fn-quiet" }, "not kept: add it again"), button("Dismiss", () => forget(file.name), { class: "fn-plain", "aria-label": `Dismiss ${file.name}` })]);
  failed.replaceChildren(make("summary", {}, count ? `Files that could not be read (${count.toLocaleString("en")})` : "Files that could not be read"),
    ...(count ? [make("ul", {}, ...failures.map(row)), ...(count > failures.length ? [make("p", { class: "fn-quiet" }, `${count - failures.length} more files`)] : []),
      ...(kept > 1 ? [button("Try all again", (event) => retry(event, null))] : [])] : [make("p", { class: "fn-quiet" }, "There are none.")]));
}

async function forget(name) {
  try {
    await showFailures(await post("failures/forget.json", { name }));
    changed();
    failed.querySelector("summary").focus();
  } catch (error) {
    say(error.message);
  }
}

async function retry(event, name) {
  event.target.disabled = true;
  say("Reading …");
  try {
    const reply = await post("failures/retry.json", { name });
    changed();
    say(reply.done);
    await showFailures(reply);
    failed.querySelector("summary").focus();
  } catch (error) {
    say(error.message);
    event.target.disabled = false;
  }
}

// The page

const place = make("div", { class: "fn-library fn-shelf" },
  make("div", { class: "fn-narrow" }, ...list.search, list.facets),
  make("div", { class: "fn-shown" }, make("div", { class: "fn-line" }, list.count, all, button("Add a folder or Zotero by its path", () => document.dispatchEvent(new Event("footnote-add-path")), { class: "fn-plain" }), list.sorting), several, done, list.rows, list.more, failed),
  sheet.element);

// The bar, the list beside the conversation and the example questions follow what is changed here.
function changed() {
  load();
  const box = document.querySelector("#changed textarea, #changed input");
  box.value = String(Date.now());
  box.dispatchEvent(new Event("input", { bubbles: true }));
}

function load() {
  list.load();
  showFailures().catch(() => {}); // the list says that the page is gone
}

document.addEventListener("click", (event) => {
  if (!event.target.closest(".fn-show-failed")) return;
  goTo("Library");
  setTimeout(showFailed, 0, Date.now() + MOST_WAIT_MS);
});

function showFailed(until) { // Gradio may still be making the place
  if (!place.isConnected && Date.now() < until) return setTimeout(showFailed, 50, until);
  failed.open = true;
  failed.scrollIntoView({ block: "nearest" });
  return failed.querySelector("summary").focus();
}

document.addEventListener("footnote-opened", () => { // a link of the sheet opened the viewer
  if (!place.offsetParent) return;
  goToReading();
  document.querySelector(".fn-show-paper")?.click();
});

document.addEventListener("click", (event) => {
  if (event.target.closest('[role="tab"]') && place.isConnected) load(); // papers may have been added in another place
});

// Gradio makes the place when it is opened first. The state in the bar, and the news, tell of new papers.
let state = "";
new MutationObserver(() => {
  const area = document.querySelector("#library-place");
  if (area && !place.isConnected) {
    area.append(place);
    load();
  }
  const now = [".fn-news p", ".fn-state"].map((each) => document.querySelector(each)?.textContent ?? "").join();
  if (now !== state) {
    state = now;
    if (place.isConnected) load();
  }
}).observe(document.documentElement, { childList: true, subtree: true, characterData: true });
