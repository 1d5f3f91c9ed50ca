// @ts-check
/** Parts are morphed into what comes, so that focus, scrolling and playing messages stay; forms in use stand aside. */

import { holdsWork, inUse, markStale } from "./guard.js";

const { htmx, Idiomorph } = /** @type {any} */ (window);
/** @type {Record<string, string>} */
const STYLES = { "morph:innerHTML": "innerHTML", "morph:outerHTML": "outerHTML" };

/** @param {Node} old @param {Node} coming whether the one becomes the other */
function mayBecome(old, coming) {
  if (old instanceof HTMLDetailsElement && coming instanceof HTMLDetailsElement) coming.open = old.open; // whoever opened it reads
  if (!(old instanceof HTMLFormElement) || !inUse(old)) return true;
  if (coming instanceof HTMLFormElement && coming.dataset.of !== old.dataset.of) markStale(old);
  return false;
}

/** @param {Node} node */
function mayGo(node) {
  if (!(node instanceof Element)) return true;
  return !(node.matches("form") ? inUse(node) : holdsWork(node));
}

/** What somebody has opened stays open. @param {string} attribute @param {Node} node */
function mayChange(attribute, node) {
  return !(attribute === "open" && node instanceof HTMLDetailsElement);
}

export function useMorphing() {
  Object.assign(Idiomorph.defaults.callbacks, { beforeNodeMorphed: mayBecome, beforeNodeRemoved: mayGo, beforeAttributeUpdated: mayChange });
  htmx.defineExtension("morph", {
    isInlineSwap: (/** @type {string} */ style) => style === "morph:outerHTML",
    handleSwap: (/** @type {string} */ style, /** @type {Element} */ target, /** @type {DocumentFragment} */ came) =>
      style in STYLES ? Idiomorph.morph(target, came.children, { morphStyle: STYLES[style] }) : false,
  });
}

/** What came out of band for a place: htmx would replace all of it. @param {Element} place @param {Element} came */
export function morphInto(place, came) {
  Idiomorph.morph(place, came.innerHTML, { morphStyle: "innerHTML" });
  htmx.process(place);
}
