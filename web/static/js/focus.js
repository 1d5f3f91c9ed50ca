// @ts-check
/** Focus does not fall to the body when what had it goes: the same control, or the next sensible one, takes it. */

const REGIONS = "#wrap, #me, #pop, #ticket, #workspace, #rows, #board, #latest, #help, #floor, #notices, #main";
const CONTROLS = "button:not(:disabled), a[href], input:not([type=hidden], :disabled), select, textarea";

/** @type {{element: Element, region: string, form: string | null, name: string | null} | null} */
let last = null;

export function followFocus() {
  document.addEventListener("focusin", ({ target }) => {
    if (target instanceof Element) last = describe(target);
  });
}

/** @param {Element} element */
function describe(element) {
  const form = element.closest("form")?.getAttribute("hx-post") ?? null;
  return { element, region: element.closest(REGIONS)?.id ?? "", form, name: element.getAttribute("name") };
}

/** After anything has been swapped. */
export function keepFocus() {
  const lost = document.activeElement === document.body || document.activeElement === null;
  if (!lost || !last || visible(last.element)) return;
  const region = document.getElementById(last.region);
  const next = same(region) ?? first(region) ?? first(document.getElementById("me")) ?? document.getElementById("main");
  /** @type {HTMLElement | null} */ (next)?.focus({ preventScroll: true });
}

/** @param {Element | null} region */
function same(region) {
  const controls = controlsOf(region).filter((each) => {
    const found = describe(each);
    return found.form === last?.form && found.name === last?.name && found.form !== null;
  });
  return controls[0];
}

/** @param {Element | null} region */
function first(region) {
  const controls = controlsOf(region);
  return controls.find((each) => each.closest("form")) ?? controls[0];
}

/** @param {Element | null} region */
function controlsOf(region) {
  return [...(region?.querySelectorAll(CONTROLS) ?? [])].filter(visible);
}

/** @param {Element} element */
function visible(element) {
  return element.isConnected && element.checkVisibility();
}
