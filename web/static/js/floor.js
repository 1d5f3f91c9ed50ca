// @ts-check
/** The floor: calls for help are heard, and stand in the title, until somebody takes them; a form that was sent is empty again. */

import { allowed, chime, showAllowed } from "./sound.js";

const AGAIN_MS = 3_000;
const place = /** @type {HTMLElement} */ (document.getElementById("help"));
const mark = `${place.dataset.title ?? ""} `;
let timer = 0;

/** What is there now: a part of the page has changed, or has just been loaded. */
function show() {
  const loud = place.querySelector("[data-help]") !== null;
  const marked = document.title.startsWith(mark);
  if (loud && !marked) document.title = mark + document.title;
  if (!loud && marked) document.title = document.title.slice(mark.length);
  if (loud && !timer) {
    sound();
    timer = window.setInterval(sound, AGAIN_MS);
  } else if (!loud) {
    window.clearInterval(timer);
    timer = 0;
  }
}

function sound() {
  if (allowed()) chime();
  else showAllowed();
}

document.body.addEventListener("htmx:afterRequest", (event) => {
  const { elt, successful } = /** @type {CustomEvent} */ (event).detail;
  if (successful && elt instanceof HTMLFormElement && elt.matches("[data-resets]")) elt.reset();
});

const changed = new MutationObserver(show);
for (const part of document.querySelectorAll("#help, #emergency")) changed.observe(part, { childList: true, subtree: true });
show();
