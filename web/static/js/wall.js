// @ts-check
/** A screen on a wall: numbers as they come, and back by itself after whatever was away. Nobody stands beside it. */

import { serverNow, setServerTime, tick } from "./clock.js";

const SILENT_MS = 12_000; // four signs of life
const RETRY_MS = 3_000;
const ENDED_RETRY_MS = 60_000;
const { now = "", stream = "" } = document.body.dataset;
const place = /** @type {HTMLElement} */ (document.getElementById("wall"));
const lost = /** @type {HTMLElement} */ (document.getElementById("wall-lost"));
const ended = /** @type {HTMLElement} */ (document.getElementById("wall-ended"));
let heard_at = performance.now();
let away = false;
const source = new EventSource(stream);

source.addEventListener("wall", (event) => {
  place.innerHTML = /** @type {MessageEvent} */ (event).data;
  heard();
});
source.addEventListener("beat", (event) => {
  setServerTime(JSON.parse(/** @type {MessageEvent} */ (event).data).at);
  heard();
});
for (const kind of ["bye", "error"]) source.addEventListener(kind, leave);

const LANGUAGE = document.documentElement.lang;

function heard() {
  heard_at = performance.now();
  show();
}

function show() {
  tick();
  const clock = /** @type {HTMLElement | null} */ (document.querySelector("[data-clock]"));
  const shown = { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: clock?.dataset.zone };
  if (clock) clock.textContent = new Intl.DateTimeFormat(LANGUAGE === "en" ? "en-GB" : LANGUAGE, /** @type {any} */ (shown)).format(serverNow());
}

/** What is shown is old from here on, and said to be; the page begins anew as soon as it can be had. */
function leave() {
  if (away) return;
  away = true;
  source.close();
  document.body.classList.add("away");
  lost.hidden = false;
  const since = /** @type {HTMLElement} */ (document.getElementById("wall-lost-since"));
  since.textContent = document.querySelector("[data-clock]")?.textContent ?? "";
  void again();
}

async function again() {
  const answer = await fetch(location.href, { cache: "no-store", signal: AbortSignal.timeout(RETRY_MS) }).catch(() => null);
  if (answer?.ok) return location.reload();
  const gone = answer !== null && answer.status >= 400 && answer.status < 500; // the link was withdrawn
  ended.hidden = !gone;
  lost.hidden = gone;
  if (gone) place.replaceChildren();
  window.setTimeout(() => void again(), gone ? ENDED_RETRY_MS : RETRY_MS);
}

setServerTime(now);
show();
window.setInterval(() => {
  if (!away) show();
  if (performance.now() - heard_at > SILENT_MS) leave();
}, 1_000);
