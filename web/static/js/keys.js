// @ts-check
/** Keyboard shortcuts; never while somebody types. */

const CHORD_MS = 2_000; // from g to the letter of the place
const PLACES = new Map([["d", "/"], ["t", "/tickets"], ["c", "/calls"], ["b", "/callbacks"], ["m", "/missed"], ["f", "/floor"], ["a", "/audit"]]);
let going_at = -CHORD_MS;

/** @param {KeyboardEvent} event */
export function onKey(event) {
  if (event.isComposing || event.repeat || event.defaultPrevented) return;
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) return send(event);
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
  const place = event.timeStamp - going_at < CHORD_MS ? PLACES.get(event.key) : undefined;
  going_at = event.key === "g" ? event.timeStamp : -CHORD_MS;
  if (place && document.querySelector(`.bar nav a[href="${place}"]`)) return location.assign(place);
  if (event.key === "?") return showKeys();
  if (event.key === "c") return toCall();
  if (event.key === "w") return toWrapUp(event);
  if (event.key === "j" || event.key === "k") return toRow(event.key === "j" ? 1 : -1);
  const element = /** @type {HTMLElement | null} */ (document.querySelector(`[data-key="${CSS.escape(event.key)}"]`));
  if (!element) return;
  event.preventDefault();
  if (element instanceof HTMLInputElement || element instanceof HTMLTextAreaElement) element.focus();
  else element.click();
}

/** The form that somebody is in is sent, from wherever in it. @param {KeyboardEvent} event */
function send(event) {
  const form = event.target instanceof Element ? event.target.closest("form[hx-post]") : null;
  if (!(form instanceof HTMLFormElement)) return;
  event.preventDefault();
  form.requestSubmit();
}

/** @param {EventTarget | null} target */
function typing(target) {
  return target instanceof HTMLElement && (target.isContentEditable || target.closest("input, textarea, select, dialog") !== null);
}

function toCall() {
  document.getElementById("pop")?.focus();
}

/** To how the call ended, or to the note when that is chosen. @param {KeyboardEvent} event */
function toWrapUp(event) {
  const form = document.querySelector("#wrap form");
  const field = form?.querySelector("input:checked") ? form.querySelector("textarea") : form?.querySelector("input[type=radio]");
  if (!(field instanceof HTMLElement)) return;
  event.preventDefault();
  field.focus();
}

/** To the next row of a list, or the one before. @param {number} step */
function toRow(step) {
  const rows = [...document.querySelectorAll("#rows td.key a")];
  const at = rows.findIndex((row) => row === document.activeElement);
  /** @type {HTMLElement | undefined} */ (rows[at < 0 ? 0 : at + step])?.focus();
}

export function showKeys() {
  const dialog = document.getElementById("keys");
  if (dialog instanceof HTMLDialogElement && !dialog.open) dialog.showModal();
}
