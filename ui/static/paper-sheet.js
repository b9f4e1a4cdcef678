// The side sheet of a paper: its metadata with corrections, its outline, and what was quoted from it and asked of it.

import { fetched, make } from "./dom.js";
import { aboutPaper } from "./paper-list.js";

const LONG = ["title", "authors"]; // fields with several lines
const DOUBTS = { likely: "likely, not certain", unsure: "guessed: please check" };
const WARNING = "This removes the paper from the library, with its uploaded copy if there is one. Stored answers lose the "
  + "words that they quote from it. Adding its folder does not bring it back; adding its file by name does. The files that "
  + "it was added from are not deleted.";

export const post = (address, body) => fetched(address, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
export const button = (name, act, more = {}) => make("button", { type: "button", class: "fn-button", onclick: act, ...more }, name);
const several = (number, one) => `${number} ${one}${number === 1 ? "" : "s"}`;

export class PaperSheet {
  // `changed` is called after a correction, `removed` after the removal, `closed` with the id of the paper.
  constructor({ changed, removed, closed }) {
    this.after = { changed, removed, closed };
    this.opening = 0;
    this.message = make("p", { id: "edit-report", role: "status" });
    this.element = make("section", { class: "fn-sheet", "aria-label": "Details of the paper", hidden: true, onkeydown: (event) => {
      if (event.key === "Escape") this.close();
    } });
  }

  get isOpen() {
    return !this.element.hidden;
  }

  address(name) {
    return `paper/${encodeURIComponent(this.id)}/${name}.json`;
  }

  async open(id) {
    const number = (this.opening += 1);
    this.id = id;
    this.say("");
    try {
      const sheet = await fetched(this.address("sheet"));
      if (number !== this.opening) return;
      this.show(sheet);
      this.title.focus({ preventScroll: true });
    } catch (error) {
      if (number !== this.opening) return;
      this.element.hidden = false;
      this.element.replaceChildren(this.message, button("Close", () => this.close()));
      this.say(error.message);
    }
  }

  close() {
    this.opening += 1;
    this.element.hidden = true;
    this.element.replaceChildren();
    this.after.closed(this.id);
  }

  say(text) {
    this.message.textContent = text;
  }

  show(sheet) {
    const { paper } = sheet;
    const open = this.paper?.id === paper.id ? [...this.element.querySelectorAll("details[open]")].map((each) => each.dataset.name) : [];
    this.paper = paper;
    this.title = make("h2", { tabindex: "-1" }, paper.title);
    const part = (name, count, ...content) => make("details", { "data-name": name, open: open.includes(name) }, make("summary", {}, `${name}${count}`), ...content);
    const rows = (name, empty, parts, row) => part(name, ` (${parts.length})`, parts.length ? make("ul", {}, ...parts.map((each) => make("li", {}, ...row(each)))) : quiet(empty));
    const tables = part("Tables of the paper", "");
    tables.addEventListener("toggle", () => this.showTables(tables));
    this.element.replaceChildren(
      make("div", { class: "fn-line fn-sheet-head" }, this.title, button("Close", () => this.close())),
      make("div", {}, ...aboutPaper(paper)),
      this.actions(sheet),
      this.message,
      this.metadata(sheet),
      this.bibtex(part),
      rows("Outline", "The paper has no sections.", sheet.outline, (each) => [link(each.view, each.title), quiet(each.place)]),
      rows("Quotes so far", "No answer quotes it yet.", sheet.quotes, (each) => [make("blockquote", {}, each.text), link(each.view, "Open the paper here"), quiet([each.place, `for: ${each.question}`].filter(Boolean).join(" · "))]),
      rows("Questions so far", "No answer quotes it yet.", sheet.questions, (each) => [each.conversation ? make("a", { href: `?conversation=${each.conversation}` }, each.text) : each.text, quiet(each.asked)]),
      tables,
      make("dl", {}, ...sheet.facts.filter(([, value]) => value).flatMap(([name, value]) => [make("dt", {}, name), make("dd", {}, value)])),
      ...sheet.notes.map((note) => make("p", { class: "fn-quiet" }, `Note: ${note}`)),
    );
    this.element.hidden = false;
  }

  actions(sheet) {
    const sure = make("div", { class: "fn-sure", hidden: true }, make("p", {}, WARNING),
      button("Really remove it", () => this.remove(), { class: "fn-button fn-stop" }), button("Keep it", () => { sure.hidden = true; }));
    return make("div", {}, make("div", { class: "fn-tools" }, make("a", { href: sheet.open, class: "fn-open fn-button" }, "Open the paper"),
      button("Ask about this paper", () => askOnly([sheet.paper])),
      button("Remove the paper", () => { sure.hidden = false; sure.querySelector("button").focus(); })), sure);
  }

  metadata({ fields, made_key: madeKey }) {
    this.fields = fields.map((field) => {
      const more = { id: `sheet-${field.name}`, oninput: () => changed.replaceChildren() };
      const input = LONG.includes(field.name) ? make("textarea", { rows: 2, ...more }) : make("input", { type: "text", ...more });
      input.value = field.value;
      if (field.name === "citekey" && madeKey) input.placeholder = `${madeKey} in exports`;
      const changed = make("span", { class: "fn-quiet" });
      return { ...field, input, changed };
    });
    return make("form", { class: "fn-form", onsubmit: (event) => { event.preventDefault(); this.save(); } },
      ...this.fields.map((field) => make("div", {}, make("label", { for: field.input.id }, field.label), field.input, field.changed,
        ...(field.value && DOUBTS[field.doubt] ? [make("span", { class: "fn-doubt" }, DOUBTS[field.doubt]),
          button("It is right", () => this.confirm(field), { "aria-label": `${field.label} is right`, class: "fn-plain" })] : []))),
      make("div", { class: "fn-tools" }, make("button", { class: "fn-button fn-primary" }, "Save"), button("Undo changes", () => this.undo())));
  }

  bibtex(part) {
    const pasted = make("textarea", { id: "sheet-bibtex", rows: 3, placeholder: "@article{…}" });
    return part("Fill in from BibTeX", "", make("div", { class: "fn-form" }, make("label", { for: "sheet-bibtex" }, "BibTeX of the paper"), pasted),
      button("Fill in the fields", () => this.fill(pasted.value)));
  }

  undo() {
    for (const field of this.fields) {
      field.input.value = field.value;
      field.changed.replaceChildren();
    }
    this.say("");
  }

  async fill(text) {
    await this.tried(async () => {
      const found = await post("bibtex.json", { text });
      const differing = this.fields.filter((field) => found[field.name] && found[field.name] !== field.value);
      for (const field of differing) {
        field.input.value = found[field.name];
        field.changed.textContent = field.value ? `was: ${field.value}` : "was empty";
      }
      this.say(differing.length ? `${several(differing.length, "field")} filled in. Save to keep them.` : "The BibTeX adds nothing new.");
    });
  }

  save() {
    const changes = this.fields.filter((field) => field.input.value.trim() !== field.value);
    if (!changes.length) return this.say("Nothing was changed.");
    return this.store(Object.fromEntries(changes.map((field) => [field.name, field.input.value])), "#sheet-title");
  }

  async confirm(field) {
    const unsaved = this.fields.filter((each) => each !== field && each.input.value !== each.value);
    await this.store({ [field.name]: field.value }, `#${field.input.id}`);
    for (const before of unsaved) this.fields.find((each) => each.name === before.name).input.value = before.input.value;
  }

  store(changes, focus) {
    return this.tried(async () => {
      this.say("Saving …");
      this.show(await post(this.address("edit"), { changes }));
      this.element.querySelector(focus)?.focus();
      this.say(`Saved: ${this.paper.title}`);
      this.after.changed();
    });
  }

  remove() {
    return this.tried(async () => {
      const { title } = await post(this.address("remove"), {});
      this.close();
      this.after.removed(this.id, title);
    });
  }

  async tried(act) {
    try {
      await act();
    } catch (error) {
      this.say(error.message);
    }
  }

  async showTables(place) {
    if (!place.open || place.querySelector(".fn-tables")) return;
    const shown = make("div", { class: "fn-tables", id: "paper-tables" });
    place.append(shown);
    await this.tried(async () => {
      const { tables, left_out: leftOut } = await fetched(this.address("tables"));
      shown.append(...tables.map(table));
      if (leftOut) shown.append(quiet(several(leftOut, "more table")));
      if (!tables.length) shown.append(quiet("No table was found in this paper."));
    });
  }
}

// Put the next question to some papers, in the place "Read".
export function askOnly(papers) {
  document.dispatchEvent(new CustomEvent("footnote-only", { detail: papers }));
  goToReading();
  document.querySelector(".fn-show-answer")?.click();
  document.querySelector("#question textarea")?.focus();
}

export const goToReading = () => goTo("Read");

export function goTo(place) {
  [...document.querySelectorAll('#places [role="tab"]')].find((each) => each.textContent.trim() === place)?.click();
}

function link(address, text) {
  return make("a", { href: address, class: "fn-open" }, text);
}

function quiet(text) {
  return text ? make("span", { class: "fn-quiet" }, text) : "";
}

function table([caption, head, body, notes, [, after]]) {
  const row = ([cells]) => make("tr", {}, ...cells.map(([text, columns, scope]) => make(scope ? "th" : "td", { scope: scope || false, colspan: columns > 1 && columns }, text)));
  return make("div", { class: "fn-table", tabindex: 0, role: "group", "aria-label": caption || "Table" },
    make("table", {}, ...(caption ? [make("caption", {}, caption)] : []), ...(head.length ? [make("thead", {}, ...head.map(row))] : []), make("tbody", {}, ...body.map(row))),
    quiet(after ? `${several(after, "row")} after` : ""), quiet(notes));
}
