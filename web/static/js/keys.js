// @ts-check
/** Keyboard shortcuts; never while somebody types. */

const CHORD_MS = 2_000; // from g to the letter of the place
const PLACES = new Map([["d", "/"], ["t", "/tickets"], ["c", "/calls"]]);
let going_at = -CHORD_MS;

/** @param {KeyboardEvent} event */
export function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
  const place = event.timeStamp - going_at < CHORD_MS ? PLACES.get(event.key) : undefined;
  going_at = event.key === "g" ? event.timeStamp : -CHORD_MS;
  if (place) return location.assign(place);
  if (event.key === "?") return showKeys();
  if (event.key === "c") return toCall();
  const element = /** @type {HTMLElement | null} */ (document.querySelector(`[data-key="${CSS.escape(event.key)}"]`));
  if (!element) return;
  event.preventDefault();
  if (element instanceof HTMLInputElement) element.focus();
  else element.click();
}

/** @param {EventTarget | null} target */
function typing(target) {
  return target instanceof Element && target.closest("input, textarea, select, dialog") !== null;
}

function toCall() {
  document.getElementById("pop")?.focus();
}

export function showKeys() {
  const dialog = document.getElementById("keys");
  if (dialog instanceof HTMLDialogElement && !dialog.open) dialog.showModal();
}
