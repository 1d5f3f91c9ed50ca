// @ts-check
/** Emergencies: sounded and in the title until a person has taken them. Nothing here can put them away. */

import { calm, siren } from "./sound.js";

const place = /** @type {HTMLElement} */ (document.getElementById("emergency"));
let focused = ""; // the part of an emergency that somebody is at, by id
let before = ""; // the title while there is none

/** What is there now: the part of the page has changed, or has just been loaded. */
function show() {
  const untaken = /** @type {HTMLElement | null} */ (place.querySelector(".untaken"));
  if (untaken) {
    before ||= document.title;
    document.title = untaken.dataset.title ?? document.title;
    siren();
  } else {
    if (before) document.title = before;
    before = "";
    calm();
  }
  const at = focused && document.activeElement === document.body ? document.getElementById(focused) : null;
  at?.focus({ preventScroll: true });
}

// A part that is swapped takes the focus with it: whoever was about to press it must not be thrown off.
document.addEventListener("focusin", ({ target }) => {
  focused = target instanceof Element && place.contains(target) ? target.id : "";
});
new MutationObserver(show).observe(place, { childList: true });
show();
