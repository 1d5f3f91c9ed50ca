// @ts-check
/** A form that somebody is filling in is never replaced, removed or changed by what comes from the server. */

/** @type {WeakSet<Element>} forms whose content the server has taken over */
const sent = new WeakSet();
const TYPED = "textarea, select, input:not([type=hidden], [type=radio], [type=checkbox])";

/** @param {Element} form what it holds is saved: the server's version may replace it */
export function markSent(form) {
  sent.add(form);
}

document.addEventListener("input", (event) => {
  const form = event.target instanceof Element ? event.target.closest("form") : null;
  if (form) sent.delete(form);
});

/** @param {Element} form */
export function inUse(form) {
  if (sent.has(form)) return false;
  const focused = document.activeElement;
  return (focused?.matches(TYPED) && form.contains(focused)) || [...form.querySelectorAll("input, textarea, select")].some(changed);
}

/** @param {Element} control does it differ from what the server sent? */
export function changed(control) {
  if (control instanceof HTMLTextAreaElement) return control.value !== control.defaultValue;
  if (control instanceof HTMLSelectElement) return chosen(control) !== offered(control);
  if (!(control instanceof HTMLInputElement) || control.type === "hidden") return false;
  if (control.type === "radio" || control.type === "checkbox") return control.checked !== control.defaultChecked;
  return control.value !== control.defaultValue;
}

/** @param {HTMLSelectElement} select */
const chosen = (select) => select.options[select.selectedIndex];

/** @param {HTMLSelectElement} select */
const offered = (select) => [...select.options].find((option) => option.defaultSelected) ?? select.options[0];

/** @param {Element} root a part of the page */
export function holdsWork(root) {
  return [...root.querySelectorAll("form")].some(inUse);
}

/** @param {Element} form something around it has changed, which whoever fills it in should know */
export function markStale(form) {
  const note = form.closest("[data-noting]")?.querySelector(".stale");
  if (note instanceof HTMLElement) note.hidden = false;
}

/**
 * A part that has come is the one that is shown already?
 * @param {Element} place @param {string} html
 */
export function sameVersion(place, html) {
  const coming = /data-version="([^"]*)"/.exec(html)?.[1];
  const shown = place.querySelectorAll("[data-version]"); // more than one: a form in use has stayed beside the new part
  return coming !== undefined && shown.length === 1 && coming === shown[0].getAttribute("data-version");
}

/** Fields that belong to one choice are shown with it. @param {ParentNode} root */
export function toggleFields(root) {
  for (const select of root.querySelectorAll("select[data-toggles]")) {
    const value = /** @type {HTMLSelectElement} */ (select).value;
    for (const field of select.closest("form")?.querySelectorAll("[data-shown-for]") ?? []) {
      const shown = /** @type {HTMLElement} */ (field).dataset.shownFor === value;
      /** @type {HTMLElement} */ (field).hidden = !shown;
      for (const input of field.querySelectorAll("textarea")) input.required = shown;
    }
  }
  for (const select of root.querySelectorAll("select[data-saved]")) {
    const { value, dataset } = /** @type {HTMLSelectElement} */ (select);
    select.closest("form")?.querySelector("button")?.classList.toggle("primary", value !== dataset.saved);
  }
}
