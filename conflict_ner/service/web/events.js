// The tables of events and of background tolls; a chosen row leads to its sentence.

import { byId, coloured, element } from "./elements.js";

const body = byId("events").tBodies[0];

export function showEvents(reading, words, colours, choose) {
  const rows = reading.events.rows;
  body.replaceChildren(...rows.map((event, number) => row(event, words[number], number, reading, colours, choose)));
  byId("events").hidden = rows.length === 0;
  byId("no-events").hidden = rows.length > 0;
  showTolls(reading.events.background);
}

export function chooseRow(chosen) {
  [...body.rows].forEach((row, number) => {
    row.classList.toggle("chosen", number === chosen);
    row.querySelector(".pick").setAttribute("aria-pressed", number === chosen);
  });
}

export const evidenceOf = (event) =>
  [event.place, event.date, ...event.actors].flatMap((slot) => (slot?.evidence ? [slot.evidence] : [])).concat(
    [event.killed, event.wounded, event.captured, event.missing].flatMap((slot) => slot?.evidence ?? []),
  );

function row(event, words, number, reading, colours, choose) {
  const pick = element("button", { type: "button", class: "pick", "aria-pressed": "false", "aria-label": `Event ${number + 1}: show its sentence` }, number + 1);
  const why = event.needs_review ? [element("span", { class: "why" }, `To review: ${event.reasons.join(" ")}`)] : [];
  const made = element(
    "tr", {},
    element("td", {}, pick),
    element("td", {}, actors(event, reading, colours), ...why),
    element("td", {}, words.where),
    element("td", {}, words.when),
    element("td", {}, words.how_many),
    element("td", { class: "n" }, event.score.toFixed(2)),
  );
  made.addEventListener("click", () => choose(number));
  return made;
}

function actors(event, reading, colours) {
  const labels = new Map(reading.spans.map((span) => [span.start, span.label]));
  const names = new Map();
  for (const { evidence, group } of event.actors) {
    const name = group?.name ?? evidence.surface.replace(/\s+/g, " ");
    const known = names.get(name.toLowerCase()) ?? { name, known: Boolean(group?.name), colour: colours[labels.get(evidence.start)] };
    names.set(name.toLowerCase(), known);
  }
  // Named organisations first; beyond that the order of the text.
  const shown = [...names.values()].sort((one, other) => other.known - one.known);
  if (!shown.length) return document.createTextNode("—");
  return element("ul", { class: "actors" }, ...shown.map(({ name, colour }) => element("li", {}, coloured(element("span", { class: "chip" }, name), colour))));
}

function showTolls(tolls) {
  byId("tolls").hidden = tolls.length === 0;
  byId("tolls").querySelector("tbody").replaceChildren(
    ...tolls.map(({ evidence, casualty_type: kind, period, sentence }) =>
      element("tr", {},
        element("td", {}, `${evidence.surface} ${kind === "unspecified" ? "casualties" : kind}`),
        element("td", {}, period ? `${period.start} to ${before(period.end)}` : "—"),
        element("td", {}, sentence.surface.replace(/\s+/g, " ")),
      ),
    ),
  );
}

const before = (day) => new Date(Date.parse(`${day}T00:00:00Z`) - 86_400_000).toISOString().slice(0, 10);
