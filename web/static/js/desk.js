// @ts-check
/** The page's own work, around htmx: what comes, what is clicked, what is pressed. */

import { setServerTime, tick } from "./clock.js";
import { inUse, markStale, sameVersion, toggleFields } from "./guard.js";
import { onKey, showKeys } from "./keys.js";
import { beat, heardBeat, start, watch } from "./live.js";
import { nobody, showPop } from "./pop.js";
import { showAllowed, showAllowedAsItChanges, test } from "./sound.js";
import { LastingSource } from "./source.js";

/** @type {any} */
const htmx = /** @type {any} */ (window).htmx;
const body = document.body;

htmx.createEventSource = (/** @type {string} */ url) => {
  const source = new LastingSource(url);
  source.addEventListener("beat", (event) => heardBeat(JSON.parse(/** @type {MessageEvent} */ (event).data)));
  source.addEventListener("bye", () => location.assign("/login"));
  return source;
};

body.addEventListener("htmx:sseBeforeMessage", (event) => {
  keepWhatIsShown(event, /** @type {CustomEvent} */ (event).detail.data);
});
body.addEventListener("htmx:oobBeforeSwap", (event) => {
  keepWhatIsShown(event, /** @type {CustomEvent} */ (event).detail.fragment.innerHTML ?? "");
});
body.addEventListener("elsewhere", () => nobody());
body.addEventListener("htmx:afterSettle", () => settled());
body.addEventListener("htmx:beforeRequest", (event) => {
  const { target, detail } = /** @type {CustomEvent} */ (event);
  document.getElementById("problems")?.replaceChildren();
  const guarded = target instanceof Element && target.matches("[data-guarded]") && detail.requestConfig?.verb === "get";
  if (!guarded || !inUse(target)) return;
  event.preventDefault();
  markStale(target);
});

const ACTS = {
  reload: () => location.reload(),
  "take-page": () => void beat(true),
  keys: showKeys,
  sound: () => void test(),
  refresh: (/** @type {Element} */ button) => refresh(button.closest("[data-number]")),
};

/** What is chosen in a part is not lost to the same part again. @param {Event} event @param {string} html */
function keepWhatIsShown(event, html) {
  const place = /** @type {Element} */ (event.target);
  if (!sameVersion(place, html)) return;
  event.preventDefault();
  if (place.id === "pop") showPop(); // the call is back from another page
}

/** @param {Element | null} ticket */
function refresh(ticket) {
  const number = ticket?.getAttribute("data-number");
  void htmx.ajax("GET", `/tickets/${number}/part`, { target: "#ticket", swap: "outerHTML" });
}

document.addEventListener("click", (event) => {
  const button = event.target instanceof Element ? event.target.closest("[data-act]") : null;
  const act = button?.getAttribute("data-act");
  if (button && act && act in ACTS) ACTS[/** @type {keyof typeof ACTS} */ (act)](button);
  showAllowed();
});
document.addEventListener("keydown", onKey);
document.addEventListener("change", () => toggleFields(document));

function settled() {
  tick();
  toggleFields(document);
  showAllowed();
}

// Whatever brought a part onto the page: what sent a form is gone by then, and the events of its swap with it.
const swapped = new MutationObserver(() => {
  settled();
  showPop();
});
for (const place of document.querySelectorAll("[sse-swap]")) swapped.observe(place, { childList: true });

setServerTime(body.dataset.now ?? "");
showAllowedAsItChanges();
settled();
void start().then(showPop);
window.setInterval(() => {
  tick();
  watch();
}, 1_000);
