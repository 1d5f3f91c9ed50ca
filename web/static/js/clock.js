// @ts-check
/** The server's time, ages that count on, and time that runs out. */

let ahead_ms = 0; // the server's clock minus ours

/** @param {string} iso the server's time, just now */
export function setServerTime(iso) {
  const theirs = Date.parse(iso);
  if (!Number.isNaN(theirs)) ahead_ms = theirs - Date.now();
}

/** @returns {number} ms since the epoch, by the server's clock */
export function serverNow() {
  return Date.now() + ahead_ms;
}

/** How durations are said in the page's language, with what varies in braces. @type {Record<string, string>} */
const spans = JSON.parse(document.documentElement.dataset.spans ?? "{}");

/** @param {string} kind @param {Record<string, string | number>} values */
const said = (kind, values) => (spans[kind] ?? "").replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ""));

/**
 * The same words as on the server: `42 s`, `4 min`, `2 h 10`, `3 d 4 h`.
 * @param {number} seconds
 */
export function span(seconds) {
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(seconds / 3600);
  if (seconds < 60) return said("s", { s: seconds });
  if (minutes < 60) return said("min", { min: minutes });
  if (hours < 24) return said("h", { h: hours, min: String(minutes % 60).padStart(2, "0") });
  return said("d", { d: Math.floor(hours / 24), h: hours % 24 });
}

/** @param {number} at @param {number} now */
export function age(at, now) {
  const seconds = Math.trunc((now - at) / 1000);
  return seconds < 0 ? said("in", { span: span(-seconds) }) : span(seconds);
}

/** The same as on the server: `0:42`, `4:07`, `1:02:07`. @param {number} seconds */
export function exact(seconds) {
  const two = (/** @type {number} */ part) => String(part).padStart(2, "0");
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60)];
  return hours ? `${hours}:${two(minutes % 60)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}

/** @param {number} seconds */
function countdown(seconds) {
  const left = Math.max(0, Math.ceil(seconds));
  return `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
}

/** Bring every age and countdown on the page up to now. */
export function tick() {
  const now = serverNow();
  for (const time of document.querySelectorAll("time.age")) {
    const at = Date.parse(time.getAttribute("datetime") ?? "");
    setText(time, time.classList.contains("exact") ? exact(Math.max(0, Math.trunc((now - at) / 1000))) : age(at, now));
  }
  for (const element of document.querySelectorAll("[data-until]")) {
    const left_s = (Date.parse(/** @type {HTMLElement} */ (element).dataset.until ?? "") - now) / 1000;
    if (element instanceof HTMLProgressElement) element.value = Math.max(0, left_s);
    else setText(element, countdown(left_s));
  }
  for (const element of document.querySelectorAll("[data-after]")) {
    /** @type {HTMLElement} */ (element).hidden = Date.parse(/** @type {HTMLElement} */ (element).dataset.after ?? "") > now;
  }
}

/** @param {Element} element @param {string} text */
function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
