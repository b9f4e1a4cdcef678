// Make elements. Texts of papers become text nodes only, so that no word of them is read as HTML.

export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

// Return the JSON at an address of this page; throw an Error with the server's reason.
export async function fetched(address, options) {
  const reply = await fetch(address, options);
  if (!reply.ok) throw new Error(reply.status === 422 ? "The address is not valid." : await reply.text());
  return reply.json();
}
