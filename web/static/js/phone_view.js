// @ts-check
/** The phone as it is shown, in its own window and on every page of the desk: one markup, one look, the same keys. */

/** @typedef {import("./phone_line.js").PhoneState & {microphone: string}} Shown */

const SECOND_MS = 1_000;

export class PhoneView {
  /**
   * @param {HTMLElement} root
   * @param {(command: string, key?: string) => void} send
   * @param {boolean} always also while there is nothing to tell
   */
  constructor(root, send, always) {
    this.root = root;
    this.send = send;
    this.always = always;
    /** @type {Shown | null} */
    this.shown = null;
    root.addEventListener("click", (event) => this.clicked(event));
    window.setInterval(() => this.tick(), SECOND_MS);
  }

  /** @param {string} name @returns {HTMLElement} */
  part(name) {
    return /** @type {HTMLElement} */ (this.root.querySelector(`[data-part="${name}"]`));
  }

  /** @param {Shown | null} state none where no phone is open */
  show(state) {
    this.shown = state;
    const works = state?.line === "ready" && state.microphone === "there";
    this.root.hidden = !state || (works && !state.call && !this.always);
    if (!state) return;
    const { call } = state;
    this.part("line").hidden = works && call !== null;
    const words = this.root.dataset;
    this.root.dataset.state = call?.state ?? state.line;
    say(this.part("line"), words[`line${capital(state.microphone === "none" ? "deaf" : state.line)}`] ?? "");
    const trouble = call && (state.microphone === "none" ? words.deaf : call.silent ? words.silent : "");
    say(this.part("alarm"), trouble || "");
    this.part("alarm").hidden = !trouble;
    this.part("call").hidden = !call;
    if (!call) return this.openKeypad(false);
    say(this.part("how"), words[`call${capital(call.held ? "held" : call.muted ? "muted" : call.state)}`] ?? "");
    this.allow(call);
    this.tick();
  }

  /** @param {NonNullable<Shown["call"]>} call */
  allow(call) {
    const talking = call.state === "talking";
    this.part("answer").hidden = call.state !== "ringing";
    for (const name of ["mute", "hold", "keypad"]) this.part(name).hidden = !talking;
    this.part("mute").ariaPressed = String(call.muted);
    this.part("hold").ariaPressed = String(call.held);
    say(this.part("hang-up"), this.root.dataset[talking ? "hangUp" : "decline"] ?? "");
  }

  tick() {
    const since = this.shown?.call?.since;
    if (!since) return;
    const seconds = Math.max(0, Math.floor((Date.now() - since) / SECOND_MS));
    say(this.part("time"), `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`);
  }

  /** @param {Event} event */
  clicked(event) {
    const button = event.target instanceof Element ? event.target.closest("button") : null;
    if (!button) return;
    const { part, press } = button.dataset;
    if (press) return this.send("press", press);
    if (part === "keypad") return this.openKeypad(this.part("keys").hidden);
    if (part) this.send(part);
  }

  /** @param {boolean} open */
  openKeypad(open) {
    this.part("keys").hidden = !open;
    this.part("keypad").ariaExpanded = String(open);
  }
}

/** @param {HTMLElement} element @param {string} text said once, not again and again */
function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** @param {string} word */
function capital(word) {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
