// @ts-check
/** A call for this desk: said aloud, sounded, shown in the title, and reported as seen. */

import { serverNow } from "./clock.js";
import { holdsWork } from "./guard.js";
import { post } from "./live.js";
import { ring, hush } from "./sound.js";

const AGAIN_MS = 250;
const UNPAINTED_MS = 100;
const title = document.title;
let announced = "";

/** The pop's place on the page has changed, or the page has just been loaded. */
export function showPop() {
  const call = /** @type {HTMLElement | null} */ (document.querySelector("#pop [data-offer]"));
  if (!call) return nobody();
  const { offer = "", state = "" } = call.dataset;
  if (state === "made") afterPaint(() => void seen(offer));
  if (state === "answered") hush();
  if (announced === offer) return;
  announced = offer;
  announce(call);
  openMatter(call.dataset.ticket);
  if (state !== "answered") ring();
}

/** @param {HTMLElement} call */
function announce(call) {
  const announcer = document.getElementById("announcer");
  if (announcer) announcer.textContent = call.dataset.announce ?? "";
  document.title = call.dataset.title ?? title;
  call.querySelector("header")?.scrollIntoView({ block: "nearest" }); // who it is, also where the whole call has no room
}

/** No call, or it is shown elsewhere now: a page that is told nothing more would ring for ever. */
export function nobody() {
  if (!announced) return;
  announced = "";
  document.title = title;
  hush();
}

/** Once the page shows what it holds; where nothing is painted just now, as of a hidden page, soon. @param {() => void} then */
function afterPaint(then) {
  let done = false;
  const once = () => {
    if (!done) then();
    done = true;
  };
  requestAnimationFrame(() => window.setTimeout(once, 0));
  window.setTimeout(once, UNPAINTED_MS);
}

/** From now on the phone may ring: the page shows who it is. Asked again until it is heard. @param {string} offer */
async function seen(offer) {
  const shown_at = new Date(serverNow()).toISOString();
  const answer = await post(`/offers/${offer}/seen`, { page: document.body.dataset.page, shown_at }).catch(() => null);
  if (!answer?.ok) window.setTimeout(() => stillMade(offer) && void seen(offer), AGAIN_MS);
}

/** @param {string} offer */
function stillMade(offer) {
  return document.querySelector(`#pop [data-offer="${offer}"][data-state="made"]`) !== null;
}

/** The existing matter opens beside the call. @param {string | undefined} number */
function openMatter(number) {
  const workspace = document.getElementById("workspace");
  if (!workspace || holdsWork(workspace)) return;
  // @ts-expect-error htmx is loaded before
  if (number) void window.htmx.ajax("GET", `/tickets/${number}/part`, { target: "#workspace", swap: "innerHTML" });
  else workspace.replaceChildren();
}
