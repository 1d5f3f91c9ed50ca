// @ts-check
/** Two soft tones, again and again until hushed. Browsers allow sound after the first click or key only. */

/** @type {AudioContext | null} */
let audio = null;
let timer = 0;

function context() {
  audio ??= new AudioContext();
  return audio;
}

/** @param {number} hertz @param {number} at @param {number} seconds */
function tone(hertz, at, seconds) {
  const sounding = context();
  const source = new OscillatorNode(sounding, { frequency: hertz, type: "triangle" });
  const volume = new GainNode(sounding, { gain: 0 });
  volume.gain.linearRampToValueAtTime(0.22, at + 0.02);
  volume.gain.linearRampToValueAtTime(0, at + seconds);
  source.connect(volume).connect(sounding.destination);
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

/** Whether the browser lets this page sound. */
export function allowed() {
  return context().state === "running";
}

/** From the first click or key on, sound is allowed. */
export function showAllowedAsItChanges() {
  context().addEventListener("statechange", showAllowed);
  for (const kind of ["pointerdown", "keydown"]) document.addEventListener(kind, () => void context().resume());
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
