// @ts-check
/** What somebody is typing is never swept away by news. */

/** @param {Element} element */
export function inUse(element) {
  const fields = element.querySelectorAll("textarea, input:not([type=hidden])");
  return [...fields].some((field) => /** @type {HTMLInputElement} */ (field).value !== /** @type {HTMLInputElement} */ (field).defaultValue)
    || (document.activeElement?.matches("select, textarea, input") && element.contains(document.activeElement));
}

/**
 * A part that has come is the one that is shown already?
 * @param {Element} place @param {string} html
 */
export function sameVersion(place, html) {
  const coming = /data-version="([^"]*)"/.exec(html)?.[1];
  return coming !== undefined && coming === place.querySelector("[data-version]")?.getAttribute("data-version");
}

/** @param {Element} ticket */
export function markStale(ticket) {
  const note = ticket.querySelector(".stale");
  if (note instanceof HTMLElement) note.hidden = false;
}

/** Fields that belong to one choice are shown with it. @param {ParentNode} root */
export function toggleFields(root) {
  for (const select of root.querySelectorAll("select[data-toggles]")) {
    const chosen = /** @type {HTMLSelectElement} */ (select).value;
    for (const field of select.closest("form")?.querySelectorAll("[data-shown-for]") ?? []) {
      const shown = /** @type {HTMLElement} */ (field).dataset.shownFor === chosen;
      /** @type {HTMLElement} */ (field).hidden = !shown;
      for (const input of field.querySelectorAll("textarea")) input.required = shown;
    }
  }
}
