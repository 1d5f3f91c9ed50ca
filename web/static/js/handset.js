// @ts-check
/** The phone's window, seen and worked from a page of the desk. */

import { PhoneView } from "./phone_view.js";

const WINDOW = "popup,noopener,width=400,height=640"; // a process of its own: what ails the desk's page leaves the talk alone
const root = document.getElementById("handset");
const phone = new BroadcastChannel("onenumber-phone");
let open = false;

if (root) {
  const view = new PhoneView(root, (command, key) => phone.postMessage({ command, key }), false);
  phone.addEventListener("message", ({ data }) => {
    if (!data.state) return;
    view.show(data.state);
    if (!open) watch(view);
  });
  phone.postMessage({ hello: true });
}

/** The window holds a lock for as long as it lives: whoever gets it next knows that it is gone. @param {PhoneView} view */
function watch(view) {
  open = true;
  void navigator.locks?.request("onenumber-phone", () => {
    open = false;
    view.show(null);
    phone.postMessage({ hello: true }); // or another one is open
  });
}

document.addEventListener("click", (event) => {
  const link = event.target instanceof Element ? event.target.closest("a[data-opens-phone]") : null;
  if (!(link instanceof HTMLAnchorElement)) return;
  event.preventDefault();
  if (open) phone.postMessage({ command: "focus" }); // what is open there is not loaded anew
  else window.open(link.href, link.target, WINDOW);
});
