// The Conversations place: a click opens a conversation; each can be renamed, downloaded and deleted.

import { fetched, make } from "./dom.js";
import { button, goToReading, post } from "./paper-sheet.js";

const WAIT_MS = 150; // after a key
const WHEN = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short" });

let shown = [];
let asked = 0; // requests so far; an older reply does not replace a newer one
let timer = 0;

const words = make("input", { type: "search", id: "talks-words", placeholder: "Name or last question", maxlength: 200,
  oninput: () => { clearTimeout(timer); timer = setTimeout(load, WAIT_MS); } });
const count = make("p", { class: "fn-quiet", role: "status" });
const rows = make("ul", { class: "fn-rows" });
const more = button("Show more", () => load(shown.length), { class: "fn-plain", hidden: true });
const place = make("div", { class: "fn-library fn-shelf fn-talks" },
  make("label", { class: "fn-label", for: "talks-words" }, "Search the conversations"), words, count, rows, more);

async function load(first = 0) {
  const number = ++asked;
  try {
    const query = new URLSearchParams({ words: words.value, first: Number(first) || 0 });
    const reply = await fetched(`conversations.json?${query}`);
    if (number !== asked) return;
    shown = Number(first) ? [...shown, ...reply.conversations] : reply.conversations;
    rows.replaceChildren(...shown.map(row));
    more.hidden = shown.length >= reply.found;
    say(reply.found ? `${reply.found.toLocaleString("en")} conversation${reply.found === 1 ? "" : "s"}` : "No conversation yet.");
  } catch (error) {
    if (number === asked) say(error.message);
  }
}

function say(text) {
  count.textContent = text;
}

function row(talk) {
  const about = [`${talk.answers} question${talk.answers === 1 ? "" : "s"}`, WHEN.format(new Date(talk.asked)), talk.last && `last: “${talk.last}”`];
  const below = make("div", {});
  const name = button(talk.name, () => open(talk.number), { class: "fn-title" });
  const called = (what) => ({ class: "fn-plain", "aria-label": `${what}: ${talk.name}` });
  const links = [["Markdown", "md"], ["BibTeX", "bib"]].map(([kind, ending]) => make("a", { href: `export/conversation/${talk.number}.${ending}`, ...called(kind) }, kind));
  return make("li", {}, make("div", { class: "fn-line" }, make("div", {}, name, make("span", { class: "fn-quiet" }, about.filter(Boolean).join(" · "))),
    make("div", { class: "fn-tools" }, button("Rename", () => rename(talk, below), called("Rename")), button("Delete", () => askToConfirm(talk, below), called("Delete")), ...links)), below);
}

// Open a conversation in the place to read; 0 is a new one.
function open(number) {
  const box = document.querySelector("#opened-conversation textarea, #opened-conversation input");
  box.value = `${number} ${Date.now()}`;
  box.dispatchEvent(new Event("input", { bubbles: true }));
  if (!number) return;
  goToReading();
  document.querySelector(".fn-show-answer")?.click();
}

function rename(talk, below) {
  const input = make("input", { type: "text", maxlength: 200, "aria-label": `Name of ${talk.name}` });
  input.value = talk.name;
  below.replaceChildren(make("form", { class: "fn-tools", onsubmit: (event) => { event.preventDefault(); change(talk, "rename", { name: input.value }); } },
    input, make("button", { class: "fn-button fn-primary" }, "Save"), button("Keep the name", () => below.replaceChildren())));
  input.select();
  input.focus();
}

function askToConfirm(talk, below) {
  below.replaceChildren(make("div", { class: "fn-sure" }, make("p", {}, "This also deletes its answers with their ratings and comments."),
    button("Really delete it", () => change(talk, "delete", {}), { class: "fn-button fn-stop" }), button("Keep it", () => below.replaceChildren())));
  below.querySelector("button").focus();
}

async function change(talk, what, body) {
  try {
    await post(`conversation/${talk.number}/${what}.json`, body);
    if (what === "delete" && new URL(location.href).searchParams.get("conversation") === String(talk.number)) open(0);
    await load();
    words.focus();
  } catch (error) {
    say(error.message);
  }
}

document.addEventListener("click", (event) => {
  if (event.target.closest('[role="tab"]') && place.isConnected) load();
});

new MutationObserver(() => { // Gradio makes the place when it is opened first
  const area = document.querySelector("#talks-place");
  if (area && !place.isConnected) {
    area.append(place);
    load();
  }
}).observe(document.documentElement, { childList: true, subtree: true });
