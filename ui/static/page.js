// Open cards from footnotes, go back from cards to sentences, and copy texts. Without this file the links still work.

const SHOWN_MS = 2000;

function show(element) {
  if (element.closest("#paper-pane")) showPane("paper");
  else if (element.closest("#talk-pane")) showPane("answer");
  for (let details = element.closest("details"); details; details = details.parentElement.closest("details")) {
    details.open = true;
  }
  element.scrollIntoView({ block: "nearest" });
  element.focus({ preventScroll: true });
  element.classList.add("fn-found");
  setTimeout(() => element.classList.remove("fn-found"), SHOWN_MS);
}

// On a narrow page one of the three panes is shown: papers, answer or paper; on a wider one the evidence beside the answer.
const BESIDE = matchMedia("(min-width: 900px)");
function showPane(name) {
  document.querySelector("#panes").dataset.pane = name;
  tidy();
}

// Follow a growing answer until its question is at the upper end of the conversation, where it stays; a person who
// scrolls ends this.
let questions = 0;
let followed = null;
function followAnswer() {
  const all = document.querySelectorAll('#conversation [data-testid="user"]');
  if (all.length !== questions) followed = all.length > questions ? all[all.length - 1] : null;
  questions = all.length;
  if (followed?.isConnected) followed.scrollIntoView({ block: "start" });
}
for (const event of ["wheel", "touchmove", "pointerdown", "keydown"]) {
  document.addEventListener(event, () => { followed = null; }, { capture: true, passive: true });
}

async function copy(button) {
  const text = button.nextElementSibling.textContent;
  const before = button.textContent;
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = "Copied";
  } catch {
    button.textContent = "Copying is not allowed here";
  }
  setTimeout(() => { button.textContent = before; }, SHOWN_MS);
}

document.addEventListener("footnote-opened", () => showPane("paper")); // by viewer.js, for a footnote too
document.addEventListener("click", (event) => {
  const link = event.target.closest('a[href^="#ref-"]');
  const target = link && document.getElementById(link.getAttribute("href").slice(1));
  if (target) {
    event.preventDefault();
    show(target);
  }
  const button = event.target.closest("button.fn-copy");
  if (button) copy(button);
  const pane = event.target.closest(".fn-pane-tabs button");
  if (pane) showPane(pane.className.replace("fn-show-", ""));
  if (event.target.closest("button.fn-dismiss")) dismiss(event.target.closest(".fn-notice"));
});

// A dismissed notice stays hidden in this browser until its text changes.
const DISMISSED = "footnote-dismissed";

function dismiss(notice) {
  try {
    localStorage.setItem(DISMISSED, notice.querySelector("p").textContent);
  } catch { /* storage is disabled: the notice returns on reload */ }
  notice.hidden = true;
  document.querySelector("#question textarea")?.focus();
}

function hideDismissed() {
  let dismissed = null;
  try {
    dismissed = localStorage.getItem(DISMISSED);
  } catch { /* storage is disabled */ }
  for (const notice of document.querySelectorAll(".fn-notice:not([hidden])")) {
    notice.hidden = notice.querySelector("p").textContent === dismissed;
  }
}

// Replace a page that could not be drawn by the reason, which its address returns.
document.addEventListener("error", async (event) => {
  const picture = event.target;
  if (!(picture instanceof HTMLImageElement) || !picture.closest(".fn-page")) return;
  const reason = document.createElement("p");
  reason.className = "fn-page-error";
  reason.textContent = await fetch(picture.src).then((reply) => reply.text(), () => "The page could not be drawn.");
  picture.closest(".fn-page").replaceWith(reason);
}, true);

// Keep the open conversation in the address, so that a reload and each tab continue with their own.
function rememberConversation() {
  const evidence = document.querySelector(".fn-evidence");
  const address = new URL(location.href);
  const number = evidence?.id.replace("conversation-", "") ?? address.searchParams.get("conversation");
  if (number === (address.searchParams.get("conversation") ?? "")) return;
  if (number) address.searchParams.set("conversation", number);
  else address.searchParams.delete("conversation");
  history.replaceState(history.state, "", address);
}

// When a question is edited, show it as it was asked: the chat holds it escaped.
function unescapeEdited() {
  const box = document.querySelector("#conversation textarea:not([data-unescaped])");
  if (!box) return;
  box.dataset.unescaped = "";
  const text = new DOMParser().parseFromString(box.value.replaceAll("<", "&lt;"), "text/html").documentElement.textContent;
  if (text === box.value) return;
  box.value = text;
  box.dispatchEvent(new Event("input", { bubbles: true }));
}

// Names for screen readers. Gradio names each message by its HTML, which would be read tag by tag, calls a group of
// buttons a list, and removes the names from the HTML of answers.
const NAMES = { user: "You asked", bot: "Answer" };

function set(element, name, value) {
  if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

function tidy() {
  for (const message of document.querySelectorAll('[data-testid="user"], [data-testid="bot"]')) {
    set(message, "role", "group");
    set(message, "aria-label", NAMES[message.dataset.testid]);
  }
  document.querySelectorAll("a.fn-ref").forEach((link) => set(link, "aria-label", `Footnote ${link.textContent}`));
  document.querySelectorAll('.examples[role="list"]').forEach((list) => set(list, "role", "group"));
  document.querySelectorAll("#library-pane, #paper-pane").forEach((each) => set(each, "tabindex", "0")); // they scroll
  const open = document.querySelector("#panes")?.dataset.pane ?? "answer";
  const pane = open === "paper" && BESIDE.matches ? "answer" : open;
  for (const button of document.querySelectorAll(".fn-pane-tabs button")) {
    set(button, "aria-pressed", String(button.className === `fn-show-${pane}`));
  }
}

new MutationObserver(() => {
  tidy();
  followAnswer();
  hideDismissed();
  rememberConversation();
  unescapeEdited();
}).observe(document.documentElement, {
  childList: true, subtree: true, attributes: true, attributeFilter: ["aria-label", "role"],
});
