// The map: country outlines that lie beside this file, the places that the article names, and its events.

import { byId, coloured, element, shape } from "./elements.js";

const map = byId("map");
const note = byId("map-note");
const ABOUT = 0.2; // of a text, from which on it is about a country
const LEAST = 9; // degrees that are shown at least, so that one town has its surroundings
const MIDDLES = new Set(["country", "adm1", "adm2", "region"]); // their point is only a middle
// Natural Earth's names where they differ from those that browsers know.
const NAMES = { BA: "Bosnia and Herz.", CD: "Dem. Rep. Congo", CF: "Central African Rep.", CG: "Congo", CI: "Côte d'Ivoire", DO: "Dominican Rep.", EH: "W. Sahara", GQ: "Eq. Guinea", MK: "Macedonia", MM: "Myanmar", PS: "Palestine", SB: "Solomon Is.", SS: "S. Sudan", SZ: "eSwatini", TR: "Turkey", US: "United States of America" };
const names = new Intl.DisplayNames(["en"], { type: "region" });

let countries = []; // {name, path, middle, width}
let points = []; // {x, y, label, kind, colour, event}
let about = new Set();
let view = { x: 0, y: -20, width: 360 };
let chosen = null;
let onChoose = () => {};

// Mercator, in degrees: shapes keep their angles at every zoom.
const across = (lon) => lon;
const down = (lat) => {
  const held = Math.max(-80, Math.min(84, lat)) * (Math.PI / 180);
  return (-180 / Math.PI) * Math.log(Math.tan(Math.PI / 4 + held / 2));
};

function decode({ arcs, objects, transform: { scale, translate } }) {
  const lines = arcs.map((arc) => {
    let x = 0;
    let y = 0;
    return arc.map(([dx, dy]) => {
      x += dx;
      y += dy;
      return [across(x * scale[0] + translate[0]), down(y * scale[1] + translate[1])];
    });
  });
  const ring = (numbers) =>
    numbers.flatMap((number, at) => {
      const line = number < 0 ? [...lines[~number]].reverse() : lines[number];
      return at === 0 ? line : line.slice(1);
    });
  return objects.countries.geometries.map(({ type, arcs: parts, properties }) => {
    const rings = (type === "Polygon" ? [parts] : parts).flat().map(ring);
    return { name: properties.name, path: rings.map((points) => `M${points.map(([x, y]) => `${x.toFixed(2)},${y.toFixed(2)}`).join("L")}Z`).join(""), ...middle(rings) };
  });
}

function middle(rings) {
  let best = { area: -1 };
  for (const points of rings) {
    let area = 0;
    let x = 0;
    let y = 0;
    points.forEach(([x1, y1], at) => {
      const [x2, y2] = points[(at + 1) % points.length];
      const cross = x1 * y2 - x2 * y1;
      area += cross;
      x += (x1 + x2) * cross;
      y += (y1 + y2) * cross;
    });
    const all = points.map(([at]) => at);
    if (Math.abs(area) > best.area) best = { area: Math.abs(area), middle: [x / (3 * area), y / (3 * area)], width: Math.max(...all) - Math.min(...all) };
  }
  return best;
}

function draw() {
  const box = map.getBoundingClientRect();
  const height = view.width * (box.height / (box.width || 1));
  const unit = view.width / (box.width || 1); // degrees of a pixel
  const left = view.x - view.width / 2;
  const top = view.y - height / 2;
  map.setAttribute("viewBox", `${left} ${top} ${view.width} ${height}`);
  const within = ([x, y], wide, high) => x - wide > left && x + wide < left + view.width && y - high > top && y + high < top + height;
  const land = countries.map(({ name, path }) => shape("path", { d: path, class: about.has(name) ? "about" : null, "aria-hidden": "true" }));
  const labels = countries
    .filter((country) => country.width > view.width * 0.12 && within(country.middle, 4 * country.name.length * unit, 14 * unit) && !points.some(({ x, y }) => Math.hypot(x - country.middle[0], y - country.middle[1]) < 22 * unit))
    .map(({ name, middle: [x, y] }) => shape("text", { x, y, "font-size": 12 * unit, "aria-hidden": "true" }, name));
  const dots = points.map((point) => dot(point, unit));
  map.replaceChildren(...land, ...labels, ...dots);
}

function dot({ x, y, label, kind, colour, event }, unit) {
  const vague = MIDDLES.has(kind);
  const circle = shape("circle", { cx: x, cy: y, r: (event === undefined ? (vague ? 6 : 4) : vague ? 11 : 7) * unit, class: vague ? "dot vague" : "dot" });
  const title = shape("title", {}, label);
  if (event === undefined) return coloured(shape("g", { role: "img", "aria-label": label }, title, circle), colour);
  const pressed = event === chosen;
  const number = shape("text", { x, y: y - 12 * unit, "font-size": 13 * unit, "aria-hidden": "true" }, event + 1);
  const made = shape("g", { role: "button", tabindex: 0, "aria-pressed": pressed, "aria-label": label, "data-event": event, class: pressed ? "event chosen" : "event" }, title, circle, number);
  return made;
}

export function showMap(reading, words, colours, choose) {
  onChoose = choose;
  chosen = null;
  about = new Set(reading.facts.countries.filter(([, share]) => share >= ABOUT).map(([code]) => NAMES[code] ?? names.of(code)));
  const seen = new Map();
  for (const fact of reading.facts.places) {
    const place = fact.candidates[0];
    if (!place || place.lat === null || place.kind === "country") continue;
    const known = seen.get(place.id) ?? { place, times: 0, colour: colours[fact.span.label] };
    known.times += 1;
    seen.set(place.id, known);
  }
  const plain = [...seen.values()].map(({ place, times, colour }) => ({
    x: across(place.lon), y: down(place.lat), kind: place.kind, colour,
    label: `${place.name}, ${place.country}: named ${times === 1 ? "once" : `${times} times`}`,
  }));
  const events = reading.events.rows.flatMap((event, number) => {
    const place = event.place?.place;
    if (!place || place.lat === null) return [];
    const vague = MIDDLES.has(place.kind) ? " (only the middle of it is known)" : "";
    return [{ x: across(place.lon), y: down(place.lat), kind: place.kind, event: number, label: `Event ${number + 1}: ${words[number].where}${vague}` }];
  });
  spread(events);
  points = [...plain, ...events];
  const lost = reading.facts.places.filter((fact) => !fact.candidates.length).length;
  const unlinked = lost ? ` ${lost === 1 ? "One mention" : `${lost} mentions`} could not be linked.` : "";
  note.textContent = points.length ? `Numbers are events; dashed rings are regions, of which only the middle is known.${unlinked}` : `No place of this article could be put on the map.${unlinked}`;
  fit();
}

// Events at one place stand side by side, so that each can be pointed at.
function spread(events) {
  const times = new Map();
  for (const point of events) {
    const key = `${point.x},${point.y}`;
    const before = times.get(key) ?? 0;
    times.set(key, before + 1);
    point.x += before * 0.22;
  }
}

export function chooseOnMap(number) {
  chosen = number;
  const focused = map.contains(document.activeElement) ? document.activeElement.dataset.event : undefined;
  draw();
  if (focused !== undefined) map.querySelector(`[data-event="${focused}"]`)?.focus();
}

export function fit() {
  if (points.length) {
    const xs = points.map(({ x }) => x);
    const ys = points.map(({ y }) => y);
    const ends = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
    const box = map.getBoundingClientRect();
    const ratio = (box.width || 2) / (box.height || 1);
    const width = 1.5 * Math.max(ends[1] - ends[0], (ends[3] - ends[2]) * ratio);
    view = { x: (ends[0] + ends[1]) / 2, y: (ends[2] + ends[3]) / 2, width: Math.min(360, Math.max(LEAST, width)) };
  } else view = { x: 10, y: -20, width: 360 };
  draw();
}

function zoom(factor) {
  view.width = Math.min(360, Math.max(1, view.width * factor));
  draw();
}

function pick(event) {
  const group = event.target instanceof Element ? event.target.closest("[data-event]") : null;
  if (group) onChoose(Number(group.dataset.event));
  return group !== null;
}

map.addEventListener("click", pick);
map.addEventListener("keydown", (event) => {
  if ((event.key === "Enter" || event.key === " ") && pick(event)) event.preventDefault();
});
let drag = null;
map.addEventListener("pointerdown", (event) => {
  drag = { x: event.clientX, y: event.clientY };
});
addEventListener("pointerup", () => {
  drag = null;
});
map.addEventListener("pointermove", (event) => {
  if (!drag || Math.hypot(event.clientX - drag.x, event.clientY - drag.y) < 4) return;
  const unit = view.width / map.getBoundingClientRect().width;
  view.x -= (event.clientX - drag.x) * unit;
  view.y -= (event.clientY - drag.y) * unit;
  drag = { x: event.clientX, y: event.clientY };
  draw();
});
byId("nearer").addEventListener("click", () => zoom(0.6));
byId("farther").addEventListener("click", () => zoom(1 / 0.6));
byId("fit").addEventListener("click", fit);
addEventListener("resize", () => countries.length && draw());

fetch("/web/countries-110m.json")
  .then((answer) => answer.json())
  .then((topology) => {
    countries = decode(topology);
    draw();
  })
  .catch(() => {
    note.replaceChildren(element("span", {}, "The outlines could not be loaded; the points stand right without them."));
  });
