// Elements: made by name, filled with text alone. Nothing that comes from an article is ever read as markup.

const SVG = "http://www.w3.org/2000/svg";

function fill(made, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined) made.setAttribute(name, value);
  }
  made.append(...children.map((child) => (child instanceof Node ? child : document.createTextNode(String(child)))));
  return made;
}

export const byId = (id) => document.getElementById(id);
export const element = (name, attributes = {}, ...children) => fill(document.createElement(name), attributes, children);
export const shape = (name, attributes = {}, ...children) => fill(document.createElementNS(SVG, name), attributes, children);

export function coloured(made, colour) {
  // A style attribute would be against the page's own policy; the property is not.
  if (/^#[0-9a-fA-F]{6}$/.test(colour ?? "")) made.style.setProperty("--c", colour);
  return made;
}

export const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
