// @ts-check
/** The page's own work, around htmx: what comes, what is clicked, what is pressed. */

import { setServerTime, tick } from "./clock.js";
import { cancel, watchCorrections } from "./correct.js";
import { keepDrafts, restoreDrafts } from "./drafts.js";
import { followFocus, keepFocus } from "./focus.js";
import { sameVersion, toggleFields } from "./guard.js";
import { onKey, showKeys } from "./keys.js";
import { beat, heardBeat, start, watch } from "./live.js";
import { morphInto, useMorphing } from "./morph.js";
import { nobody, showPop } from "./pop.js";
import { watchRequests } from "./requests.js";
import { sessionEnded } from "./session.js";
import { showAllowed, showAllowedAsItChanges, test } from "./sound.js";
import { LastingSource } from "./source.js";

/** @type {any} */
const htmx = /** @type {any} */ (window).htmx;
const body = document.body;

htmx.createEventSource = (/** @type {string} */ url) => {
  const source = new LastingSource(url);
  source.addEventListener("beat", (event) => heardBeat(JSON.parse(/** @type {MessageEvent} */ (event).data)));
  source.addEventListener("bye", (event) => sessionEnded(/** @type {MessageEvent} */ (event).data));
  return source;
};

useMorphing();
watchRequests();
followFocus();
watchCorrections();

body.addEventListener("htmx:sseBeforeMessage", (event) => {
  keepWhatIsShown(event, /** @type {CustomEvent} */ (event).detail.data);
});
body.addEventListener("htmx:oobBeforeSwap", (event) => {
  const { target, fragment } = /** @type {CustomEvent} */ (event).detail;
  keepWhatIsShown(event, fragment.innerHTML ?? "");
  if (event.defaultPrevented) return;
  event.preventDefault();
  morphInto(target, fragment);
});
body.addEventListener("elsewhere", () => nobody());
body.addEventListener("htmx:afterSettle", () => settled());
body.addEventListener("restored", () => settled());

const ACTS = {
  reload: () => location.reload(),
  "take-page": () => void beat(true),
  keys: showKeys,
  sound: () => void test(),
  cancel: (/** @type {HTMLElement} */ button) => cancel(button),
  refresh: (/** @type {HTMLElement} */ button) => refresh(button),
};

/** What is chosen in a part is not lost to the same part again. @param {Event} event @param {string} html */
function keepWhatIsShown(event, html) {
  const place = /** @type {Element} */ (event.target);
  if (!sameVersion(place, html)) return;
  event.preventDefault();
  if (place.id === "pop") showPop(); // the call is back from another page
}

/** The ticket as it is now, and a form for it that is empty again. @param {HTMLElement} button */
function refresh(button) {
  const { number } = /** @type {HTMLElement} */ (button.closest("[data-number]")).dataset;
  void htmx.ajax("GET", `/tickets/${number}/part`, { source: button, target: "#ticket", select: "#ticket", swap: "outerHTML" });
}

document.addEventListener("click", (event) => {
  const button = event.target instanceof Element ? event.target.closest("[data-act]") : null;
  const act = button?.getAttribute("data-act");
  if (button && act && act in ACTS) ACTS[/** @type {keyof typeof ACTS} */ (act)](/** @type {HTMLElement} */ (button));
  showAllowed();
});
document.addEventListener("keydown", onKey);
document.addEventListener("change", () => toggleFields(document));

function settled() {
  tick();
  toggleFields(document);
  showAllowed();
  restoreDrafts();
  keepFocus();
}

// Whatever brought a part onto the page: what sent a form is gone by then, and the events of its swap with it.
const swapped = new MutationObserver(() => {
  settled();
  showPop();
});
const parts = { childList: true, subtree: true, attributes: true, attributeFilter: ["data-version", "data-offer", "data-state"] };
for (const place of document.querySelectorAll("#me, #pop, #wrap, #workspace, #notices")) swapped.observe(place, parts);

setServerTime(body.dataset.now ?? "");
showAllowedAsItChanges();
settled();
keepDrafts();
void start().then(showPop);
window.setInterval(() => {
  tick();
  watch();
}, 1_000);
