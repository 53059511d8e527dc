// The dates: each interval that the article tells, on one line of time.

import { byId, coloured, element } from "./elements.js";

const DAY = 86_400_000;
const list = byId("dates");
const note = byId("dates-note");
const number = (day) => Date.parse(`${day}T00:00:00Z`) / DAY;
const written = (day) => new Date(day * DAY).toISOString().slice(0, 10);
const days = (start, end) => (end - start > 1 ? `${written(start)} to ${written(end - 1)}` : written(start));

export function showDates(reading, colours) {
  const known = new Map();
  const open = [];
  for (const fact of reading.facts.dates) {
    if (!fact.interval) {
      open.push(fact);
      continue;
    }
    const { start, end } = fact.interval;
    const row = known.get(`${start} ${end}`) ?? { start: number(start), end: number(end), surfaces: [], colour: colours[fact.span.label] };
    row.surfaces.push(fact.surface);
    known.set(`${start} ${end}`, row);
  }
  reading.events.rows.forEach((event, at) => {
    if (!event.date) return;
    const { start, end } = event.date.interval;
    const row = known.get(`event ${start} ${end}`) ?? { start: number(start), end: number(end), surfaces: [], events: [] };
    row.events.push(at + 1);
    known.set(`event ${start} ${end}`, row);
  });
  const rows = [...known.values()].sort((one, other) => one.start - other.start || one.end - other.end || Boolean(other.events) - Boolean(one.events));
  const frame = frameOf(rows, reading);
  note.textContent = frame ? `The bars reach from ${written(frame.start)} to ${written(frame.end - 1)}.` : rows.length ? "" : "No date of this article could be placed.";
  list.replaceChildren(...rows.map((row) => line(row, frame)), ...unresolved(open));
}

// What the events are about decides the frame; a war's beginning years before must not press all days into one.
function frameOf(rows, reading) {
  if (!rows.length) return null;
  const published = reading.meta?.published ? [number(reading.meta.published)] : [];
  const told = reading.events.rows.flatMap((event) => (event.date ? [event.date.interval] : []));
  const near = [...told.map(({ start }) => number(start)), ...told.map(({ end }) => number(end)), ...published];
  const all = rows.flatMap(({ start, end }) => [start, end]);
  const from = near.length ? near : all;
  let start = Math.min(...from);
  let end = Math.max(...from);
  const room = Math.max(5, (end - start) * 0.6);
  start = Math.max(Math.floor(start - room), Math.min(start, ...all));
  end = Math.min(Math.ceil(end + room), Math.max(end, ...all));
  return { start, end: Math.max(end, start + 1) };
}

function line({ start, end, surfaces, events, colour }, frame) {
  const times = new Map();
  for (const surface of surfaces) times.set(surface, (times.get(surface) ?? 0) + 1);
  const words = [...times].map(([surface, count]) => `“${surface.replace(/\s+/g, " ")}”${count > 1 ? ` ×${count}` : ""}`).join(", ");
  const about = events ? `Event${events.length > 1 ? "s" : ""} ${events.join(", ")}` : words;
  return element("li", events ? { class: "event" } : {}, element("div", {}, days(start, end), element("small", {}, about)), bar(start, end, colour, frame));
}

function bar(start, end, colour, frame) {
  if (end <= frame.start) return element("span", { class: "outside" }, "← earlier");
  if (start >= frame.end) return element("span", { class: "outside" }, "later →");
  const track = element("div", { class: "track", "aria-hidden": "true" });
  const filled = coloured(element("i", { class: start < frame.start ? "before" : end > frame.end ? "after" : "" }), colour);
  const share = (day) => (100 * (Math.min(frame.end, Math.max(frame.start, day)) - frame.start)) / (frame.end - frame.start);
  filled.style.left = `min(${share(start)}%, calc(100% - 8px))`;
  filled.style.width = `${share(end) - share(start)}%`;
  track.append(filled);
  return track;
}

function unresolved(facts) {
  return facts.map((fact) => element("li", {}, element("div", {}, `“${fact.surface.replace(/\s+/g, " ")}”`, element("small", {}, fact.why ?? "")), element("span", { class: "outside" }, "not placed")));
}
