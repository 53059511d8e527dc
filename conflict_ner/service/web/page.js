// The page: asks the service to read an article, and hands the answer to the parts that show it.

import { choose as chooseSentence, showArticle } from "./article.js";
import { showDates } from "./dates.js";
import { byId, calm, coloured, element } from "./elements.js";
import { chooseRow, evidenceOf, showEvents } from "./events.js";
import { chooseOnMap, showMap } from "./map.js";

const EXAMPLE = {
  published: "2024-11-30",
  text: "Rebels led by Hayat Tahrir al-Sham entered Aleppo on Friday, residents said. At least 27 people, eight of them children, were killed by shelling in Idlib province since Wednesday, and some 14,000 fled.\n\nOn Saturday morning an air strike on a market in Saraqib killed three civilians and wounded about a dozen, a monitor said. More than 300,000 civilians have died since the war began in 2011.",
};
const FILE_BYTES = 8 << 20;
const text = byId("text");
const read = byId("read");
let colours = {};
let shown = null;
let asked = 0;

function tell(message, wrong = false) {
  byId("error").textContent = wrong ? message : "";
  byId("status").textContent = wrong ? "" : message;
}

async function ask() {
  if (!text.value.trim()) {
    tell("Paste an article first.", true);
    text.focus();
    return;
  }
  const mine = ++asked;
  read.disabled = true;
  tell("Reading …");
  try {
    const headers = { "Content-Type": "application/json" };
    if (byId("key").value) headers.Authorization = `Bearer ${byId("key").value}`;
    const body = JSON.stringify({ text: text.value, published: byId("published").value || null });
    const answer = await fetch("/page/reading", { method: "POST", headers, body });
    const told = await answer.json();
    if (mine !== asked) return;
    if (answer.ok) show(told);
    else refuse(answer.status, told);
  } catch {
    tell("The service does not answer. Is it still running?", true);
  } finally {
    read.disabled = false;
  }
}

function refuse(status, told) {
  if (status === 401 || status === 403) {
    byId("key-field").hidden = false;
    byId("key").focus();
  }
  tell(told.detail ?? `The service answers with status ${status}.`, true);
}

function show(answer) {
  shown = answer;
  const { reading, meanings, events } = answer;
  // Fields that hold nothing are left out of a record.
  reading.spans ??= [];
  byId("results").hidden = false;
  showCards(reading);
  showEvents(reading, events, colours, choose);
  showArticle(reading, meanings, colours);
  showMap(reading, events, colours, choose);
  showDates(reading, colours);
  const many = reading.events.rows.length;
  tell(`${reading.spans.length} spans and ${many === 1 ? "1 event" : `${many} events`} found.`);
  byId("status").scrollIntoView({ block: "start", behavior: calm() ? "auto" : "smooth" });
}

function showCards(reading) {
  const named = new Set(reading.facts.groups.flatMap(({ group }) => group?.id ?? []));
  const places = new Set(reading.facts.places.flatMap(({ candidates }) => candidates[0]?.id ?? []));
  const cards = [
    [reading.events.rows.length, "event", "events"],
    [reading.spans.length, "span", "spans"],
    [named.size, "organisation recognised", "organisations recognised"],
    [places.size, "place located", "places located"],
    [reading.events.background.length, "background toll", "background tolls"],
  ];
  byId("cards").replaceChildren(...cards.map(([many, one, more]) => element("div", { class: "card" }, element("b", {}, many), element("span", {}, many === 1 ? one : more))));
}

function choose(number) {
  const event = shown.reading.events.rows[number];
  chooseRow(number);
  chooseOnMap(number);
  chooseSentence(event.sentence, evidenceOf(event));
  tell(`Event ${number + 1}: ${event.sentence.surface.replace(/\s+/g, " ")}`);
}

function save(kind) {
  const forms = {
    json: ["reading.json", "application/json", () => JSON.stringify(shown.reading, null, 2)],
    csv: ["events-acled.csv", "text/csv", () => shown.csv],
    geojson: ["events.geojson", "application/geo+json", () => JSON.stringify(shown.geojson, null, 2)],
  };
  const [name, type, content] = forms[kind];
  const link = element("a", { download: name, href: URL.createObjectURL(new Blob([content()], { type })) });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

async function open(file) {
  if (!file) return;
  if (file.size > FILE_BYTES) return tell(`${file.name} has ${file.size.toLocaleString("en")} bytes; an article is smaller.`, true);
  try {
    text.value = new TextDecoder("utf-8", { fatal: true }).decode(await file.arrayBuffer());
    tell(`${file.name} is in the field; choose its day of publication and press Read.`);
  } catch {
    tell(`${file.name} is not text in UTF-8.`, true);
  }
}

byId("form").addEventListener("submit", (event) => {
  event.preventDefault();
  ask();
});
byId("example").addEventListener("click", () => {
  text.value = EXAMPLE.text;
  byId("published").value = EXAMPLE.published;
  ask();
});
byId("file").addEventListener("change", (event) => open(event.target.files[0]));
text.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    ask();
  }
});
const hasFile = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
addEventListener("dragover", (event) => {
  if (!hasFile(event)) return;
  event.preventDefault();
  text.classList.add("over");
});
addEventListener("dragleave", () => text.classList.remove("over"));
addEventListener("drop", (event) => {
  text.classList.remove("over");
  if (!hasFile(event)) return;
  event.preventDefault();
  open(event.dataTransfer.files[0]);
});
for (const button of document.querySelectorAll("[data-save]")) button.addEventListener("click", () => save(button.dataset.save));

fetch("/version")
  .then((answer) => answer.json())
  .then(({ model, version, labels }) => {
    byId("model").textContent = `${model}, version ${version}`;
    colours = Object.fromEntries(labels.map(({ name, colour }) => [name, colour]));
    byId("legend").replaceChildren(...labels.map(({ name, colour, description }) => coloured(element("span", { class: "chip", title: description }, name), colour)));
  })
  .catch(() => tell("The service does not answer. Is it still running?", true));
