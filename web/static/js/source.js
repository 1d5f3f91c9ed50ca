// @ts-check
/**
 * An EventSource that never gives up: one second after an error a new connection goes on
 * where the last one stopped. It is what the SSE extension connects with.
 */

import { askWhetherItLasts } from "./session.js";

const RETRY_MS = 1_000;

export class LastingSource extends EventTarget {
  /** @param {string} url */
  constructor(url) {
    super();
    this.url = new URL(url, location.href);
    this.readyState = EventSource.CONNECTING;
    /** @type {((event: Event) => void) | null} */
    this.onopen = null;
    /** @type {((event: Event) => void) | null} */
    this.onerror = null;
    /** @type {Set<string>} */
    this.kinds = new Set();
    this.closed = false;
    this.connect();
  }

  connect() {
    if (this.closed) return;
    const source = (this.source = new EventSource(this.url));
    source.onopen = (event) => {
      this.readyState = EventSource.OPEN;
      this.onopen?.(event);
    };
    source.onerror = (event) => {
      source.close();
      this.readyState = EventSource.CONNECTING;
      this.onerror?.(event);
      void askWhetherItLasts();
      window.setTimeout(() => this.connect(), RETRY_MS);
    };
    for (const kind of this.kinds) source.addEventListener(kind, this.forward);
  }

  forward = (/** @type {MessageEvent} */ event) => {
    if (event.lastEventId) this.url.searchParams.set("after", event.lastEventId);
    const { data, lastEventId } = event;
    this.dispatchEvent(new MessageEvent(event.type, { data, lastEventId }));
  };

  /**
   * @param {string} kind
   * @param {EventListenerOrEventListenerObject | null} listener
   */
  addEventListener(kind, listener) {
    super.addEventListener(kind, listener);
    if (this.kinds.has(kind)) return;
    this.kinds.add(kind);
    this.source?.addEventListener(kind, this.forward);
  }

  close() {
    this.closed = true;
    this.readyState = EventSource.CLOSED;
    this.source?.close();
  }
}
