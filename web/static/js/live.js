// @ts-check
/** Is this page alive, is it the live one of its agent, and does the stream still come? */

import { setServerTime } from "./clock.js";
import { sessionEnded } from "./session.js";

const BEAT_MS = 4_900;
const SILENT_MS = 10_000; // the stream ticks every three seconds
const page = document.body.dataset;
let heard_at = performance.now();
let sent_at = 0; // when we last said that we live
let refused = false;

/**
 * Ask the API as this page.
 * @param {string} path
 * @param {object} body
 * @param {boolean} keepalive send it also when the page is gone by then
 */
export async function post(path, body, keepalive = false) {
  return fetch(`/api/v1${path}`, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-CSRF-Token": page.mark ?? "" },
    body: JSON.stringify(body),
    keepalive,
    signal: AbortSignal.timeout(4_000),
  });
}

/**
 * The server says that the page is in step, and whether it should be the live one, as the agent has none.
 * @param {{at: string, live: boolean, wanted: boolean}} heard
 */
export function heardBeat({ at, live, wanted }) {
  heard_at = performance.now();
  setServerTime(at);
  showLive(live);
  if (!live) document.body.dispatchEvent(new Event("elsewhere"));
  if (wanted) void beat(false);
  else beatIfDue(); // browsers slow down the timers of a hidden page, but not what a stream brings
}

function beatIfDue() {
  if (performance.now() - sent_at >= BEAT_MS) void beat(false);
}

/** @param {boolean} live */
function showLive(live) {
  const banner = document.getElementById("elsewhere");
  if (banner) banner.hidden = live;
  document.body.classList.toggle("elsewhere", !live);
  if (live) document.title = document.title.replace(`${page.elsewhere} `, "");
  else if (!document.title.startsWith(`${page.elsewhere} `)) document.title = `${page.elsewhere} ${document.title}`;
}

/** Tell the server that this page lives. @param {boolean} take be the live one from now on */
export async function beat(take) {
  if (!page.agent) return;
  sent_at = performance.now();
  try {
    const answer = await post("/me/heartbeat", { page: page.page, take });
    if (answer.status === 401) return sessionEnded();
    refused = answer.status === 403;
    if (answer.ok) showLive((await answer.json()).live);
  } catch {
    // No answer: the silent stream raises the alarm.
  }
}

/** Raise or lower the alarm. */
export function watch() {
  const lost = refused || performance.now() - heard_at > SILENT_MS;
  const banner = document.getElementById("lost");
  if (banner && banner.hidden === lost) banner.hidden = !lost;
  document.body.classList.toggle("lost", lost);
}

function closed() {
  if (page.agent) void post("/me/page-closed", { page: page.page }, true).catch(() => null);
}

export async function start() {
  window.addEventListener("pagehide", closed);
  await beat(true);
  window.setInterval(beatIfDue, BEAT_MS);
  window.addEventListener("pageshow", (event) => event.persisted && location.reload());
}
