// @ts-check
/** The window of the phone: takes the microphone, registers, rings, and tells the desk's pages how it stands. */

import { PhoneLine } from "./phone_line.js";
import { PhoneView } from "./phone_view.js";
import { hush, ring, showAllowedAsItChanges, wake } from "./sound.js";

const body = document.body;
const page = body.dataset;
const title = document.title;
const root = /** @type {HTMLElement} */ (document.getElementById("handset"));
const ear = /** @type {HTMLAudioElement} */ (document.getElementById("ear"));
const desk = new BroadcastChannel("onenumber-phone");
const socket = `${location.origin.replace(/^http/, "ws")}/phone/socket?mark=${page.mark}`;

let microphone = "asking"; // asking, there, none
/** @type {MediaStream | null} */
let stream = null;
/** @type {PhoneLine | null} */
let line = null;
/** @type {Notification | null} */
let note = null;

const view = page.kind === "browser" ? new PhoneView(root, command, true) : null;

/** @param {string} name @param {string} [key] */
function command(name, key = "") {
  if (name === "answer") void line?.answer();
  else if (name === "hang-up") line?.hangUp();
  else if (name === "mute") line?.mute();
  else if (name === "hold") void line?.hold();
  else if (name === "press") line?.press(key);
  else if (name === "focus") window.focus();
}

/** @returns {import("./phone_view.js").Shown} */
const state = () => ({ ...(line?.state ?? { line: "off", call: null }), microphone });

let rung = false;

function tell() {
  if (microphone === "none" && line && !line.over && !line.state.call) return line.end("off");
  const now = state();
  view?.show(now);
  desk.postMessage({ state: now });
  for (const element of document.querySelectorAll("[data-when]")) {
    const when = /** @type {HTMLElement} */ (element).dataset.when ?? "";
    /** @type {HTMLElement} */ (element).hidden = !when.split(" ").includes(microphone === "none" ? "deaf" : now.line);
  }
  const rings = now.call?.state === "ringing";
  if (rings !== rung) (rings ? startRinging : stopRinging)();
  rung = rings;
}

function startRinging() {
  ring();
  document.title = page.rings ?? title;
  if (window.Notification?.permission === "granted") note = new Notification(page.rings ?? title, { tag: "onenumber-phone", requireInteraction: true });
  if (note) note.onclick = () => window.focus();
}

function stopRinging() {
  hush();
  document.title = title;
  note?.close();
  note = null;
}

/** Without a microphone no call may come. */
async function begin() {
  microphone = "asking";
  tell();
  try {
    stream = await navigator.mediaDevices.getUserMedia({ audio: true });
  } catch {
    return deaf();
  }
  for (const track of stream.getAudioTracks()) track.addEventListener("ended", deaf);
  microphone = "there";
  wake();
  line = new PhoneLine(page.phone ?? "", socket, async () => /** @type {MediaStream} */ (stream).clone(), ear, tell);
  tell();
  void line.connect();
}

/** Nobody could be heard: no call comes any more, and one that is on has an alarm. */
function deaf() {
  microphone = "none";
  tell();
}

/** @param {string} kind which of their phones calls come on */
async function choose(kind) {
  const answer = await fetch("/api/v1/me/phone", {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-CSRF-Token": page.mark ?? "" },
    body: JSON.stringify({ kind }),
  }).catch(() => null);
  if (answer?.ok) return location.reload();
  const told = await answer?.json().catch(() => null);
  const problem = /** @type {HTMLElement} */ (document.getElementById("problem"));
  problem.textContent = told?.error?.message ?? page.failed ?? "";
  problem.hidden = false;
}

const ACTS = {
  browser: () => void choose("browser"),
  desk: () => void choose("desk"),
  again: () => location.reload(),
  notify: () => void window.Notification?.requestPermission().then(offerNotes),
};

/** A button that would change nothing is not shown. */
function offerNotes() {
  const button = document.querySelector('[data-act="notify"]');
  if (button instanceof HTMLElement) button.hidden = window.Notification?.permission !== "default";
}

document.addEventListener("click", (event) => {
  const act = event.target instanceof Element ? event.target.closest("[data-act]")?.getAttribute("data-act") : null;
  if (act && act in ACTS) ACTS[/** @type {keyof typeof ACTS} */ (act)]();
});
document.addEventListener("keydown", (event) => {
  if (event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
  if (/^[0-9*#]$/.test(event.key)) return command("press", event.key);
  const button = root.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
  if (button instanceof HTMLElement && !button.hidden) button.click();
});
desk.addEventListener("message", ({ data }) => {
  if (data.hello) tell();
  if (data.command) command(data.command, data.key);
});
window.addEventListener("beforeunload", (event) => {
  if (line?.state.call) event.preventDefault(); // the browser asks first
});
window.addEventListener("pagehide", () => line?.leave());
window.addEventListener("pageshow", (event) => event.persisted && location.reload());
showAllowedAsItChanges();
offerNotes();
/** @type {HTMLElement} */ (document.getElementById("main")).inert = false;
if (page.kind === "browser") {
  // The desk's pages wait for it: until this window is gone.
  navigator.locks?.request("onenumber-phone", { steal: true }, () => new Promise(() => {})).catch(() => null);
  void begin();
}
