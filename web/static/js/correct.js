// @ts-check
/** Forms that are opened to correct a ticket: by one click or key, closed by Escape, and told what changed meanwhile. */

import { changed } from "./guard.js";

export function watchCorrections() {
  document.addEventListener("toggle", (event) => opened(event.target), true);
  document.addEventListener("change", (event) => chosen(event.target));
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.defaultPrevented && event.target instanceof Element) close(event.target);
  });
  document.body.addEventListener("htmx:afterRequest", (event) => {
    const { elt, successful } = /** @type {CustomEvent} */ (event).detail;
    if (successful && elt instanceof Element && elt.matches("form[data-correct]")) close(elt);
  });
}

/** @param {EventTarget | null} details */
function opened(details) {
  if (!(details instanceof HTMLDetailsElement) || !details.open || !details.matches(".correct")) return;
  /** @type {HTMLElement | null} */ (details.querySelector("select"))?.focus();
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

/** What was chosen is given up. @param {HTMLElement} button */
export function cancel(button) {
  button.closest("form")?.reset();
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
