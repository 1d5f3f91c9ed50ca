// @ts-check
/** Forms that are opened to correct a ticket: by one click or key, closed by Escape, and told what changed meanwhile. */

import { forget } from "./drafts.js";
import { changed } from "./guard.js";

const words = /** @type {HTMLElement} */ (document.getElementById("words")).dataset;
/** Opened as what was typed into them came back: nobody has asked for the focus. @type {WeakSet<Element>} */
const reopened = new WeakSet();

export function watchCorrections() {
  document.addEventListener("toggle", (event) => opened(event.target), true);
  document.addEventListener("change", (event) => chosen(event.target));
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.defaultPrevented && event.target instanceof Element) close(event.target);
  });
  document.body.addEventListener("restored", (event) => {
    if (event.target instanceof HTMLFormElement) cameBack(event.target, /** @type {CustomEvent} */ (event).detail);
  });
  document.body.addEventListener("htmx:afterRequest", (event) => {
    const { elt, successful } = /** @type {CustomEvent} */ (event).detail;
    if (successful && elt instanceof Element && elt.matches("details.correct > form")) close(elt);
  });
}

/** @param {EventTarget | null} details */
function opened(details) {
  if (!(details instanceof HTMLDetailsElement) || !details.open || !details.matches(".correct")) return;
  if (reopened.delete(details)) return;
  /** @type {HTMLElement | null} */ (details.querySelector("select, textarea, input:not([type=hidden])"))?.focus();
  details.scrollIntoView({ block: "nearest" });
}

/** @param {Element} within */
function close(within) {
  const details = within.closest("details.correct[open]");
  if (!(details instanceof HTMLDetailsElement)) return;
  const had = details.contains(document.activeElement);
  details.open = false;
  if (had) details.querySelector("summary")?.focus({ preventScroll: true });
}

/**
 * What was typed into a form that was closed since is shown; what it was made on may have changed meanwhile.
 * @param {HTMLFormElement} form @param {Record<string, string>} fields
 */
function cameBack(form, fields) {
  const details = form.closest("details.correct");
  if (!(details instanceof HTMLDetailsElement)) return;
  if (!details.open) reopened.add(details);
  details.open = true;
  const version = form.elements.namedItem("version");
  if (!form.matches("[data-correct]") || !(version instanceof HTMLInputElement) || fields.version === version.value) return;
  for (const note of form.querySelectorAll("[data-now]")) sayOffered(form, /** @type {HTMLElement} */ (note), fields);
}

/** @param {HTMLFormElement} form @param {HTMLElement} note @param {Record<string, string>} fields */
function sayOffered(form, note, fields) {
  const control = form.elements.namedItem(note.dataset.now ?? "");
  const typed = control instanceof Element && control.getAttribute("name") in fields;
  if (!typed || !changed(control)) return;
  const option = control instanceof HTMLSelectElement ? [...control.options].find((each) => each.defaultSelected) : null;
  const value = control instanceof HTMLInputElement ? control.defaultValue : (option?.textContent ?? "");
  note.textContent = (words.saysNow ?? "").replace("{value}", value || (words.nothing ?? ""));
  note.hidden = false;
}

/** What was chosen is given up. @param {HTMLElement} button */
export function cancel(button) {
  const form = button.closest("form");
  form?.reset();
  if (form) forget(form);
  for (const note of button.closest("form")?.querySelectorAll("[data-now]") ?? []) /** @type {HTMLElement} */ (note).hidden = true;
  close(button);
}

/** The urgency goes with the topic, until somebody chooses one. @param {EventTarget | null} control */
function chosen(control) {
  const form = control instanceof HTMLSelectElement ? control.closest("form[data-correct]") : null;
  if (!(form instanceof HTMLFormElement) || !(control instanceof HTMLSelectElement)) return;
  if (control.name === "level") form.dataset.urgency = "chosen";
  const urgency = form.elements.namedItem("level");
  const follows = control.name === "topic" && form.dataset.urgency !== "chosen" && urgency instanceof HTMLSelectElement;
  if (follows) urgency.value = control.selectedOptions[0]?.dataset.urgency ?? urgency.value;
}

/**
 * Somebody else was first: what it says now stands beside what was typed otherwise, and the next try is made on it.
 * @param {HTMLFormElement} form @param {XMLHttpRequest} xhr @returns {boolean} whether the form is such a one
 */
export function sayNow(form, xhr) {
  if (!form.matches("[data-correct]")) return false;
  const said = new DOMParser().parseFromString(xhr.responseText, "text/html").querySelector("[data-says-now]");
  const version = form.elements.namedItem("version");
  if (!(said instanceof HTMLElement) || !(version instanceof HTMLInputElement)) return false;
  version.value = said.dataset.saysNow ?? "";
  for (const field of said.querySelectorAll("[data-field]")) sayField(form, /** @type {HTMLElement} */ (field));
  return true;
}

/** A field that nobody has touched says what it is now. @param {HTMLFormElement} form @param {HTMLElement} field */
function sayField(form, field) {
  const { field: name = "", value = "" } = field.dataset;
  const control = form.elements.namedItem(name);
  const note = form.querySelector(`[data-now="${CSS.escape(name)}"]`);
  if (!(control instanceof HTMLSelectElement || control instanceof HTMLInputElement) || !(note instanceof HTMLElement)) return;
  const theirs = control.value !== value && changed(control);
  note.textContent = theirs ? field.textContent : "";
  note.hidden = !theirs;
  if (!theirs) offer(control, value);
}

/** @param {HTMLSelectElement | HTMLInputElement} control @param {string} value from now on the one that is saved */
function offer(control, value) {
  if (control instanceof HTMLInputElement) control.defaultValue = value;
  else for (const option of control.options) option.defaultSelected = option.value === value;
  control.value = value;
}
