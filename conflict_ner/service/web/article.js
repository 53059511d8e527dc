// The article: its text with the spans marked, the hint that tells what a span means, and the chosen sentence.

import { byId, calm, coloured, element } from "./elements.js";

const article = byId("article");
const tip = byId("tip");
let pieces = []; // {start, end, node}
let pointed = null; // the span that the hint belongs to

export function showArticle(reading, meanings, colours) {
  // Offsets count code points, JavaScript's strings count UTF-16 units.
  const letters = Array.from(reading.text);
  const cuts = new Set([0, letters.length]);
  for (const event of [...reading.events.rows, ...reading.events.background]) {
    cuts.add(event.sentence.start).add(event.sentence.end);
  }
  const borders = [...cuts].sort((one, other) => one - other);
  pieces = [];
  let place = 0;
  const plain = (end) => {
    for (const border of [...borders.filter((at) => at > place && at < end), end]) {
      if (border > place) pieces.push({ start: place, end: border, node: element("span", {}, letters.slice(place, border).join("")) });
      place = border;
    }
  };
  reading.spans.forEach((span, number) => {
    plain(span.start);
    const surface = letters.slice(span.start, span.end).join("");
    const meaning = meanings[number];
    const sure = span.score === undefined ? "" : ` · score ${span.score.toFixed(2)}`;
    const mark = element(
      "mark",
      { role: "button", tabindex: number === 0 ? 0 : -1, "aria-label": `${surface}: ${span.label}. ${meaning}` },
      surface,
    );
    mark.told = [span.label + sure, meaning || "no value is read from this label"];
    pieces.push({ start: span.start, end: span.end, node: coloured(mark, colours[span.label]) });
    place = span.end;
  });
  plain(letters.length);
  article.replaceChildren(...pieces.map((piece) => piece.node));
  article.scrollTop = 0;
  hideTip();
}

export function choose(sentence, evidence) {
  const starts = new Set(evidence.map((item) => item.start));
  let first = null;
  for (const { start, node } of pieces) {
    const inside = start >= sentence.start && start < sentence.end;
    node.classList.toggle("chosen", inside);
    node.classList.toggle("evidence", node.localName === "mark" && starts.has(start));
    if (inside && first === null) first = node;
  }
  first?.scrollIntoView({ block: "center", behavior: calm() ? "auto" : "smooth" });
}

function showTip(mark) {
  if (!mark?.told) return undefined;
  tip.replaceChildren(element("b", {}, mark.told[0]), mark.told[1]);
  tip.hidden = false;
  pointed = mark;
  const box = mark.getClientRects()[0];
  const frame = article.getBoundingClientRect();
  if (box.bottom < frame.top || box.top > frame.bottom) return hideTip();
  const left = Math.min(box.left, document.documentElement.clientWidth - tip.offsetWidth - 12);
  const above = box.top - tip.offsetHeight - 6;
  tip.style.left = `${Math.max(8, left) + scrollX}px`;
  tip.style.top = `${(above > 0 ? above : box.bottom + 6) + scrollY}px`;
  return undefined;
}

function hideTip() {
  tip.hidden = true;
  pointed = null;
}

function move(from, step) {
  const marks = [...article.querySelectorAll("mark")];
  const next = step === "first" ? marks[0] : step === "last" ? marks.at(-1) : marks[marks.indexOf(from) + step];
  if (!next) return;
  from.tabIndex = -1;
  next.tabIndex = 0;
  next.focus();
}

const markOf = (event) => (event.target instanceof Element ? event.target.closest("#article mark") : null);
const STEPS = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1, Home: "first", End: "last" };

article.addEventListener("mouseover", (event) => showTip(markOf(event)));
article.addEventListener("mouseout", hideTip);
article.addEventListener("focusin", (event) => showTip(markOf(event)));
article.addEventListener("focusout", hideTip);
article.addEventListener("scroll", () => showTip(pointed));
article.addEventListener("click", (event) => showTip(markOf(event)));
article.addEventListener("keydown", (event) => {
  const mark = markOf(event);
  if (!mark || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key in STEPS) move(mark, STEPS[event.key]);
  else if (event.key === "Enter" || event.key === " ") showTip(mark);
  else return;
  event.preventDefault();
});
document.addEventListener("keydown", (event) => event.key === "Escape" && hideTip());
