// @ts-check
/**
 * What is typed is kept as it is typed: in this browser at once, on the server a moment later.
 * The browser's copy goes as soon as the server has it: what callers said does not stay behind on a shared computer.
 */

import { changed } from "./guard.js";
import { sessionEnded } from "./session.js";

const AFTER_MS = 300; // of quiet, or …
const AT_LEAST_MS = 1_500; // … that long since the first key
const AGAIN_MS = 5_000;
const OLD_MS = 12 * 3_600_000; // a browser's copy that nobody came back for
const LIMIT_MS = 8_000;
const page = document.body.dataset;
const prefix = `onenumber.draft.${page.login ?? ""}.`;

/** @type {Map<string, {timer: number, since: number}>} forms that wait to be sent */
const waiting = new Map();
/** @type {Map<string, Promise<unknown>>} one after the other, form by form */
const sending = new Map();
/** @type {WeakSet<Element>} */
const restored = new WeakSet();
/** @type {WeakMap<Element, Promise<void>>} forms whose drafts are on their way */
const restoring = new WeakMap();

export function keepDrafts() {
  document.addEventListener("input", (event) => typed(event.target));
  document.addEventListener("change", (event) => typed(event.target));
  document.addEventListener("htmx:confirm", hold);
  window.addEventListener("pagehide", () => [...waiting.keys()].forEach((name) => void send(name, true)));
  window.addEventListener("online", () => void sendAll());
  window.setInterval(() => void sendAll(), AGAIN_MS);
  void sendAll();
}

/** @param {EventTarget | null} target */
function typed(target) {
  const form = target instanceof Element ? /** @type {HTMLFormElement | null} */ (target.closest("form[data-draft]")) : null;
  const name = form?.dataset.draft;
  if (!form || !name) return;
  restored.add(form);
  write(name, fieldsOf(form));
  const since = waiting.get(name)?.since ?? performance.now();
  window.clearTimeout(waiting.get(name)?.timer);
  const wait_ms = performance.now() - since > AT_LEAST_MS ? 0 : AFTER_MS;
  waiting.set(name, { since, timer: window.setTimeout(() => void send(name), wait_ms) });
}

/** @param {HTMLFormElement} form @returns {Record<string, string>} what is visible of it, without what shows what is saved */
function fieldsOf(form) {
  if (form.matches("[data-correct]")) return correctedFields(form);
  const not_typed = [...form.querySelectorAll("input[type=hidden], select[data-saved]")].map((each) => each.getAttribute("name"));
  const typed_ones = [...new FormData(form)].filter(([name]) => !not_typed.includes(name));
  return Object.fromEntries(typed_ones.map(([name, value]) => [name, String(value)]));
}

/**
 * What somebody has changed, and the version that they had before them: what they have not touched is not theirs.
 * @param {HTMLFormElement} form @returns {Record<string, string>}
 */
function correctedFields(form) {
  const controls = /** @type {HTMLInputElement[]} */ ([...form.elements].filter((each) => each.matches("[name]") && changed(each)));
  const version = form.elements.namedItem("version");
  const made_on = controls.length && version instanceof HTMLInputElement ? { version: version.value } : {};
  return { ...Object.fromEntries(controls.map(({ name, value }) => [name, value])), ...made_on };
}

/** @param {string} name @param {Record<string, string>} fields */
function write(name, fields) {
  try {
    localStorage.setItem(prefix + name, JSON.stringify({ fields, at: Date.now() }));
  } catch {
    // No room, or not allowed: the server keeps it.
  }
}

/** @param {string} name @returns {{fields: Record<string, string>, at: number} | null} */
function read(name) {
  try {
    return JSON.parse(localStorage.getItem(prefix + name) ?? "null");
  } catch {
    return null;
  }
}

/** @param {string} name */
function drop(name) {
  window.clearTimeout(waiting.get(name)?.timer);
  waiting.delete(name);
  try {
    localStorage.removeItem(prefix + name);
  } catch {
    // Nothing was written then.
  }
}

/** What no server has heard yet, of forms that may be gone: a wrap-up's note still gets to its call. */
async function sendAll() {
  for (const key of Object.keys(localStorage).filter((each) => each.startsWith(prefix))) {
    const name = key.slice(prefix.length);
    if (Date.now() - (read(name)?.at ?? 0) > OLD_MS) drop(name);
    else if (!waiting.has(name)) await send(name);
  }
}

/** @param {string} name @param {boolean} [leaving] */
function send(name, leaving = false) {
  const kept = read(name);
  waiting.delete(name);
  if (!kept) return Promise.resolve();
  const before = leaving ? Promise.resolve() : (sending.get(name) ?? Promise.resolve());
  const done = before.then(async () => {
    const answer = await put(name, kept.fields, leaving);
    if (answer?.ok && read(name)?.at === kept.at) drop(name);
  });
  sending.set(name, done);
  return done;
}

/** @param {string} name @param {Record<string, string>} fields @param {boolean} keepalive */
async function put(name, fields, keepalive = false) {
  const answer = await fetch(`/api/v1/me/drafts/${name}`, {
    method: "PUT",
    headers: { "Content-Type": "application/json", "X-CSRF-Token": page.mark ?? "" },
    body: JSON.stringify({ fields }),
    keepalive,
    signal: AbortSignal.timeout(LIMIT_MS),
  }).catch(() => null);
  if (answer?.status === 401) sessionEnded();
  return answer;
}

/** It has been sent: nothing is kept of it. @param {HTMLFormElement} form */
export function forget(form) {
  const name = form.dataset.draft;
  if (!name) return;
  drop(name);
  const done = (sending.get(name) ?? Promise.resolve()).then(() => put(name, {}));
  sending.set(name, done);
}

/** Forms that have come onto the page get back what was typed into them. */
export function restoreDrafts() {
  for (const form of document.querySelectorAll("form[data-draft]")) {
    if (restored.has(form)) continue;
    restored.add(form);
    restoring.set(form, restore(/** @type {HTMLFormElement} */ (form)).finally(() => restoring.delete(form)));
  }
}

/** What is sent is what its writer had typed: a form is sent once that has come back. @param {Event} event */
function hold(event) {
  const form = event.target instanceof Element ? event.target.closest("form[data-draft]") : null;
  const back = form ? restoring.get(form) : undefined;
  if (!back) return;
  event.preventDefault();
  void back.then(() => /** @type {CustomEvent} */ (event).detail.issueRequest(true));
}

/** @param {HTMLFormElement} form */
async function restore(form) {
  const name = form.dataset.draft ?? "";
  const fields = read(name)?.fields ?? (await stored(name));
  if (!form.isConnected || !Object.values(fields).some(Boolean)) return;
  for (const [field, value] of Object.entries(fields)) fill(form.elements.namedItem(field), value);
  form.dispatchEvent(new CustomEvent("restored", { bubbles: true, detail: fields }));
}

/** @param {string} name @returns {Promise<Record<string, string>>} */
async function stored(name) {
  const answer = await fetch(`/api/v1/me/drafts/${name}`, { signal: AbortSignal.timeout(LIMIT_MS) }).catch(() => null);
  return answer?.ok ? (await answer.json()).fields : {};
}

/** What somebody has typed meanwhile stays. @param {Element | RadioNodeList | null} control @param {string} value */
function fill(control, value) {
  const line = control instanceof HTMLInputElement && !["hidden", "radio", "checkbox"].includes(control.type);
  if (control instanceof HTMLTextAreaElement || line) {
    if (control.value === control.defaultValue) control.value = value;
  } else if (control instanceof HTMLSelectElement) {
    if ([...control.options].some((option) => option.value === value)) control.value = value;
  } else if (control instanceof RadioNodeList && !control.value) control.value = value;
}
