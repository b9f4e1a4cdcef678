// What changes while the page is open: papers are added, also from elsewhere, and a model is started. The server adds
// papers in the background; this script begins it, shows how far it is, and after a reload shows it again.

import { fetched, make } from "./dom.js";

const RUNNING_MS = 1000; // between two looks while papers are added
const IDLE_MS = 20000; // while the library is empty, or no model was found
const READY_MS = 100; // while Gradio makes the page
const EXPECTED_MS = 30000; // after files were chosen in the library, which Gradio uploads
const MOST_FILES = 200; // of one upload

let seen = null; // the state that the page shows
let timer = 0;
let looking = false;
let expected = 0; // until when an adding may begin

const text = make("p", { role: "status" });
const bar = make("progress", { "aria-label": "Files read", hidden: true });
const failed = make("ul", {});
const close = make("button", { type: "button", onclick: dismiss, hidden: true }, "Close message");
const news = make("div", { class: "fn-news", hidden: true }, text, bar, close, failed);

function show(line, { done = 0, total = 0, failures = [], running = false } = {}) {
  if (!news.isConnected) document.querySelector("#bar").append(news);
  if (text.textContent !== line) text.textContent = line;
  bar.hidden = !running;
  bar.max = total || 1;
  bar.value = done;
  failed.replaceChildren(...failures.map((each) => make("li", {}, each)));
  close.hidden = running;
  news.hidden = false;
}

async function dismiss() {
  news.hidden = true;
  document.querySelector("#question textarea")?.focus();
  await fetch("adding/dismiss", { method: "POST" });
}

// Look at the state of the server, show what is new, and look again as long as something may change.
async function look() {
  clearTimeout(timer);
  if (looking || document.hidden) return;
  if (!document.querySelector("#bar")) {
    timer = setTimeout(look, READY_MS);
    return;
  }
  looking = true;
  try {
    const state = await fetched("state.json");
    update(state);
    seen = state;
  } catch { /* the server has stopped, or is busy: look again later */ }
  looking = false;
  const soon = seen?.adding?.is_running || Date.now() < expected;
  if (soon || !seen || !seen.papers || seen.looks_for_model) timer = setTimeout(look, soon ? RUNNING_MS : IDLE_MS);
}

function update(state) {
  const adding = state.adding;
  if (adding) show(adding.text, { done: adding.done, total: adding.total, failures: adding.failed, running: adding.is_running });
  else if (seen?.adding) news.hidden = true; // dismissed in another tab
  const isFound = seen && !seen.model && state.model;
  if (isFound && !adding) show(`${state.model} was found. It writes answers from now on, over the quotes.`);
  const isOther = seen && state.version !== seen.version && !(adding?.is_running && seen.papers);
  const isEnded = seen?.adding?.is_running && !adding?.is_running;
  if (isFound || isOther || isEnded) refresh(state);
}

// Refresh the page's own parts: the bar, the welcome and the example questions.
function refresh(state) {
  const box = document.querySelector("#changed textarea, #changed input");
  if (!box) return;
  box.value = `${state.version} ${state.model} ${Date.now()}`;
  box.dispatchEvent(new Event("input", { bubbles: true }));
}

// Begin to add papers

async function begin(address, body) {
  const options = { method: "POST" };
  if (body) Object.assign(options, { headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
  const reply = await fetch(address, options);
  if (!reply.ok) throw new Error(await reply.text());
  look();
}

async function addFiles(files) {
  const wanted = [...files].filter((file) => !file.name.startsWith("."));
  if (!wanted.length) return;
  try {
    if (wanted.length > MOST_FILES) throw new Error(`${wanted.length} files are too many: up to ${MOST_FILES} can be copied. Add the folder by its path instead.`);
    const paths = [];
    const failures = []; // [name, reason]
    for (const file of wanted) {
      show(`Copying ${paths.length + failures.length + 1} of ${wanted.length} files`, { done: paths.length, total: wanted.length, running: true });
      const form = new FormData();
      form.append("files", file, file.name);
      const reply = await fetch("gradio_api/upload", { method: "POST", body: form });
      if (reply.ok) paths.push(...await reply.json());
      else failures.push([file.name, await reply.text()]);
    }
    await begin("adding/files", { paths, failed: Object.fromEntries(failures) });
  } catch (error) {
    show(error.message);
  }
}

function choose(attributes) {
  const input = make("input", { type: "file", multiple: true, ...attributes, onchange: () => addFiles(input.files) });
  input.click();
}

// Ask for a path of this machine, which is read there: a folder of any size, or a Zotero library.
const path = make("input", { type: "text", id: "path-to-add", maxlength: 4096, placeholder: "/home/ada/papers or ~/Zotero", autocomplete: "off", spellcheck: "false" });
const refusal = make("p", { class: "fn-quiet", role: "alert" });
const form = make("form", { onsubmit: addPath }, make("label", { for: "path-to-add" }, "Path on this computer"), path, refusal,
  make("div", { class: "fn-tools" }, make("button", { class: "fn-button fn-primary" }, "Add it"), make("button", { type: "button", class: "fn-button", onclick: () => dialog.close() }, "Cancel")));
const elsewhere = make("div", {}, make("p", {}, "This page is open to other machines ([ui] host), so it does not read paths. Run this in a terminal on its machine: ", make("code", {}, "footnote add PATH")),
  make("button", { type: "button", class: "fn-button", onclick: () => dialog.close() }, "Close"));
const dialog = make("dialog", { class: "fn-dialog", "aria-labelledby": "add-by-path" }, make("h2", { id: "add-by-path" }, "Add a folder or Zotero"),
  make("p", { class: "fn-quiet" }, "Files are read where they are; a Zotero library from a copy of its database. Nothing there is changed."), form, elsewhere);

function askForPath() {
  document.querySelector(".gradio-container").append(dialog);
  form.hidden = seen?.reads_paths === false;
  elsewhere.hidden = !form.hidden;
  refusal.textContent = "";
  dialog.showModal();
}
document.addEventListener("footnote-add-path", askForPath);

async function addPath(event) {
  event.preventDefault();
  try {
    await begin("adding/path", { path: path.value });
    dialog.close();
    show("Adding papers", { running: true });
  } catch (error) {
    refusal.textContent = error.message;
  }
}

document.addEventListener("click", async (event) => {
  const name = event.target.closest(".fn-welcome button")?.className;
  if (name === "fn-add-path") askForPath();
  else if (name === "fn-add-files") choose({});
  else if (name === "fn-add-folder") choose({ webkitdirectory: true });
  else if (name === "fn-add-sample") {
    show("Adding the sample", { running: true });
    try {
      await begin("adding/sample");
    } catch (error) {
      show(error.message);
    }
  }
});

// Files can be dropped on the place to read. (The library has a field for them, which Gradio fills.)
const isDropPlace = (event) => event.target instanceof Element && event.target.closest("#panes") && event.dataTransfer?.types.includes("Files");
document.addEventListener("dragover", (event) => { if (isDropPlace(event)) event.preventDefault(); });
document.addEventListener("drop", (event) => {
  if (!isDropPlace(event)) return;
  event.preventDefault();
  addFiles(event.dataTransfer.files);
});

function expect(event) {
  if (!(event.target instanceof Element) || event.target.closest("#panes")) return;
  if (event.type === "change" && event.target.type !== "file") return;
  expected = Date.now() + EXPECTED_MS;
  look();
}
document.addEventListener("change", expect);
document.addEventListener("drop", expect);
document.addEventListener("visibilitychange", look);
look();
