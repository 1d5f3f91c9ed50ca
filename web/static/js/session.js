// @ts-check
/** The end of a session: said why, and the way back to where one was. */

let over = false;

/** @param {string} [why] as the server says it */
export function sessionEnded(why = "") {
  if (over) return;
  over = true;
  const login = new URL("/login", location.href);
  login.searchParams.set("next", location.pathname + location.search);
  if (why) login.searchParams.set("why", why);
  location.assign(login);
}

/** A broken stream says nothing about its reason: ask. */
export async function askWhetherItLasts() {
  const answer = await fetch("/api/v1/events/position", { signal: AbortSignal.timeout(4_000) }).catch(() => null);
  if (answer?.status === 401) sessionEnded();
}
