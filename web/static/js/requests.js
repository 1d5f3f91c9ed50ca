// @ts-check
/** Every request of the page: shown while it is under way, and said in words when it did not work. */

import { sayNow } from "./correct.js";
import { markSent, toggleFields } from "./guard.js";
import { forget } from "./drafts.js";

const words = /** @type {HTMLElement} */ (document.getElementById("words")).dataset;

/** What was sent, to be sent again. @type {WeakMap<HTMLFormElement, FormData>} */
const tried = new WeakMap();

export function watchRequests() {
  const { body } = document;
  body.addEventListener("htmx:beforeRequest", begin);
  body.addEventListener("htmx:beforeOnLoad", taken);
  body.addEventListener("htmx:afterRequest", end);
  body.addEventListener("htmx:timeout", (event) => failed(event, words.timeout));
  body.addEventListener("htmx:sendError", (event) => failed(event, words.network));
  body.addEventListener("htmx:responseError", (event) => failed(event, reason(detail(event).xhr)));
  body.addEventListener("htmx:swapError", (event) => failed(event, words.unreadable));
}

/** @param {Event} event @returns {any} */
const detail = (event) => /** @type {CustomEvent} */ (event).detail;

/** @param {Event} event @returns {HTMLFormElement | null} a form whose sending changes something */
function acting(event) {
  const { elt, requestConfig } = detail(event);
  const form = elt instanceof Element ? elt.closest("form") : null;
  return form && requestConfig?.verb !== "get" ? form : null;
}

/** @param {Event} event */
function begin(event) {
  const form = acting(event);
  if (!form) return;
  if (form.ariaBusy === "true") return event.preventDefault(); // the first try is still under way
  form.ariaBusy = "true";
  tried.set(form, new FormData(form));
  document.getElementById("problems")?.replaceChildren();
}

/** What was sent is saved: the part that comes with the answer may replace the form. @param {Event} event */
function taken(event) {
  const form = acting(event);
  const { xhr } = detail(event);
  if (!form || xhr.status < 200 || xhr.status >= 300) return;
  markSent(form);
  if (xhr.getResponseHeader("HX-Redirect")) forget(form); // the page goes before it hears that the request has ended
}

/** @param {Event} event */
function end(event) {
  const { elt, successful } = detail(event);
  const form = acting(event);
  if (successful && elt instanceof Element) document.querySelector(`#problems [data-of="${nameOf(elt)}"]`)?.remove();
  if (!form) return;
  form.ariaBusy = null;
  if (!successful) return;
  for (const select of form.querySelectorAll("select[data-saved]")) {
    /** @type {HTMLElement} */ (select).dataset.saved = /** @type {HTMLSelectElement} */ (select).value;
  }
  forget(form);
  toggleFields(document);
}

/** @param {Event} event @param {string | undefined} why */
function failed(event, why) {
  const { elt, xhr } = detail(event);
  if (xhr?.status === 401) return; // the way to the login is in its header
  const form = acting(event);
  if (form) showSaved(form);
  if (form && xhr?.status === 409 && sayNow(form, xhr)) tried.set(form, new FormData(form));
  say(elt, why ?? "", form ? () => again(form) : () => htmx().trigger(elt, elt instanceof HTMLFormElement ? "submit" : "again"));
}

/** @returns {any} */
const htmx = () => /** @type {any} */ (window).htmx;

/** A control that shows what is saved shows it again. @param {HTMLFormElement} form */
function showSaved(form) {
  for (const select of form.querySelectorAll("select[data-saved]")) {
    /** @type {HTMLSelectElement} */ (select).value = /** @type {HTMLElement} */ (select).dataset.saved ?? "";
  }
  toggleFields(document);
}

/** @param {HTMLFormElement} form send what was chosen and typed the last time */
function again(form) {
  for (const [name, value] of tried.get(form) ?? []) {
    const control = form.elements.namedItem(name);
    if (control instanceof HTMLSelectElement) control.value = String(value);
  }
  form.requestSubmit();
}

/** The server's own sentence, where there is one. @param {XMLHttpRequest} xhr */
function reason(xhr) {
  const html = xhr.getResponseHeader("content-type")?.startsWith("text/html") ?? false;
  const said = html ? new DOMParser().parseFromString(xhr.responseText, "text/html").querySelector(".problem") : null;
  return said?.textContent?.trim() || (xhr.status >= 500 ? words.server : words.refused);
}

/** @param {Element} elt */
const nameOf = (elt) => CSS.escape(elt.id || elt.getAttribute("hx-post") || elt.getAttribute("hx-get") || "page");

/** @param {Element} elt what asked @param {string} why @param {() => void} retry */
function say(elt, why, retry) {
  const what = /** @type {HTMLElement | null} */ (elt.closest("[data-what]"))?.dataset.what ?? words.page;
  const note = document.createElement("div");
  note.className = "problem";
  note.role = "alert";
  note.dataset.of = nameOf(elt);
  const text = document.createElement("p");
  const title = document.createElement("strong");
  title.textContent = `${what}.`;
  text.append(title, ` ${why}`);
  note.append(text, button(words.again, () => (note.remove(), retry())), button(words.dismiss, () => dismiss(note, elt)));
  document.getElementById("problems")?.replaceChildren(note);
}

/** @param {HTMLElement} note @param {Element} elt where the eye was before */
function dismiss(note, elt) {
  note.remove();
  /** @type {HTMLElement | null} */ (elt.querySelector("button, select, input:not([type=hidden])"))?.focus();
}

/** @param {string | undefined} name @param {() => void} act */
function button(name, act) {
  const made = document.createElement("button");
  made.type = "button";
  made.textContent = name ?? "";
  made.addEventListener("click", act);
  return made;
}
