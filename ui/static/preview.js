// The quote of a footnote in a box beside it while the pointer or the keyboard is on it. The box lies over the page and
// moves nothing; Escape closes it. A click, a touch or Enter opens the footnote's card, and closes the box.

import { make } from "./dom.js";

const WAIT_MS = 150; // before it opens, so that a pointer on its way elsewhere opens nothing
const LEAVE_MS = 250; // before it closes, so that the pointer can move into it
const MOST = 420; // characters of the quote
const GAP = 6; // pixels to the footnote and to the window's edges

const quote = make("p", { class: "fn-preview-quote" });
const place = make("p", { class: "fn-quiet" });
const box = make("div", { id: "fn-preview", class: "fn-preview", role: "tooltip", hidden: true }, quote, place);
let shown = null; // the footnote
let timer = 0;

const footnoteAt = (target) => (target instanceof Element ? target.closest("a.fn-ref") : null);

function later(act, wait) {
  clearTimeout(timer);
  timer = setTimeout(act, wait);
}

function open(footnote) {
  clearTimeout(timer);
  const card = document.getElementById(footnote.getAttribute("href").slice(1))?.closest("details");
  if (!card || !footnote.isConnected) return;
  close();
  const words = [...card.querySelectorAll("mark")].map((each) => each.textContent.trim()).filter(Boolean).join(" | ");
  quote.textContent = words.length > MOST ? `${words.slice(0, MOST).replace(/\s+\S*$/, "")} …` : words;
  const [reference, section] = ["strong", ".fn-quiet"].map((part) => card.querySelector(`summary ${part}`)?.textContent);
  place.textContent = [reference, section].filter(Boolean).join(" · ");
  shown = footnote;
  shown.setAttribute("aria-describedby", box.id);
  document.querySelector("#talk-pane").append(box);
  box.hidden = false;
  put();
}

// Put the box below its footnote, or above it where there is no room below.
function put() {
  const at = shown.getBoundingClientRect();
  const isBelow = at.bottom + GAP + box.offsetHeight <= innerHeight;
  box.style.top = `${Math.max(GAP, isBelow ? at.bottom + GAP : at.top - GAP - box.offsetHeight)}px`;
  box.style.left = `${Math.max(GAP, Math.min(at.left, innerWidth - GAP - box.offsetWidth))}px`;
}

function close() {
  clearTimeout(timer);
  shown?.removeAttribute("aria-describedby");
  shown = null;
  box.hidden = true;
}

document.addEventListener("pointerover", (event) => {
  if (event.pointerType !== "mouse") return;
  const footnote = footnoteAt(event.target);
  if (footnote && footnote === shown) clearTimeout(timer);
  else if (footnote) later(() => open(footnote), WAIT_MS);
  else if (box.contains(event.target)) clearTimeout(timer);
  else if (shown !== document.activeElement) later(close, LEAVE_MS);
  else clearTimeout(timer);
});
document.addEventListener("focusin", (event) => {
  const footnote = footnoteAt(event.target);
  if (footnote?.matches(":focus-visible")) open(footnote);
  else close();
});
document.addEventListener("focusout", close);
document.addEventListener("keydown", (event) => { if (event.key === "Escape") close(); });
document.addEventListener("click", (event) => { if (!box.contains(event.target)) close(); });
document.addEventListener("scroll", () => {
  if (shown?.isConnected) put(); // a growing answer is rendered again, with new footnotes
  else if (shown) close();
}, { capture: true, passive: true });
