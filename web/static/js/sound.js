// @ts-check
/** Two soft tones, again and again until hushed. Browsers allow sound after the first click or key only. */

/** @type {AudioContext | null} */
let audio = null;
let timer = 0;

function context() {
  audio ??= new AudioContext();
  return audio;
}

/** @param {number} hertz @param {number} at @param {number} seconds @param {number} loud 0 to 1 */
function tone(hertz, at, seconds, loud = 0.22) {
  const heard = context();
  const source = new OscillatorNode(heard, { frequency: hertz, type: "triangle" });
  const volume = new GainNode(heard, { gain: 0 });
  volume.gain.linearRampToValueAtTime(loud, at + 0.02);
  volume.gain.linearRampToValueAtTime(0, at + seconds);
  source.connect(volume).connect(heard.destination);
  source.start(at);
  source.stop(at + seconds);
}

export function chime() {
  const at = context().currentTime;
  tone(660, at, 0.22);
  tone(880, at + 0.24, 0.34);
}

export function ring() {
  hush();
  if (!allowed()) return showAllowed();
  chime();
  timer = window.setInterval(chime, 2_000);
}

export function hush() {
  window.clearInterval(timer);
}

let alarm = 0;
let asked = false;
let sounding = false; // this page of the browser is the one that sounds the siren

/** One siren per browser, however many pages are open; where a browser cannot tell, each sounds it. */
function claimSiren() {
  if (asked) return;
  asked = true;
  if (!navigator.locks) sounding = true;
  else void navigator.locks.request("onenumber-siren", () => {
    sounding = true;
    return new Promise(() => {}); // until this page is gone
  });
}

/** Two loud tones by turns until calmed. Begins by itself once sound is allowed. */
export function siren() {
  if (alarm) return;
  const both = () => {
    if (!allowed()) return showAllowed();
    claimSiren();
    if (!sounding) return;
    const at = context().currentTime;
    tone(960, at, 0.5, 0.5);
    tone(770, at + 0.5, 0.5, 0.5);
  };
  both();
  alarm = window.setInterval(both, 1_200);
}

export function calm() {
  window.clearInterval(alarm);
  alarm = 0;
}

/** Whether the browser lets this page sound. */
export function allowed() {
  return context().state === "running";
}

/** From the first click or key on, sound is allowed. */
export function showAllowedAsItChanges() {
  context().addEventListener("statechange", showAllowed);
  for (const kind of ["pointerdown", "keydown"]) document.addEventListener(kind, () => void context().resume());
}

/** A page that has been given the microphone may sound without a click. */
export function wake() {
  void context().resume();
}

/** Say plainly when the sound is off. */
export function showAllowed() {
  for (const button of document.querySelectorAll('[data-act="sound"]')) {
    const { on = "", off = "" } = /** @type {HTMLElement} */ (button).dataset;
    const name = allowed() ? on : off;
    if (button.textContent !== name) button.textContent = name;
    button.classList.toggle("bad", !allowed());
  }
}

export async function test() {
  await context().resume();
  chime();
  showAllowed();
}
