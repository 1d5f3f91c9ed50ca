// The phone's line in Node: the second REGISTER, which renews the first, is refused. Prints how many there were.

globalThis.window = globalThis;
globalThis.addEventListener ??= () => {};
const REFUSED = 2;
const PATIENCE_MS = 8_000;
let registers = 0;

/** @param {string} message */
function answered(message) {
  const lines = (/** @type {string} */ name) => message.split("\r\n").filter((line) => line.toLowerCase().startsWith(`${name}:`));
  const status = registers === REFUSED ? "503 Busy" : "200 OK";
  const contact = `${lines("contact")[0].replace(/;expires=\d+/, "")};expires=1`;
  const head = [...lines("via"), ...lines("from"), `${lines("to")[0]};tag=x`, ...lines("call-id"), ...lines("cseq")];
  return [`SIP/2.0 ${status}`, ...head, contact, "Content-Length: 0", "", ""].join("\r\n");
}

globalThis.WebSocket = class extends EventTarget {
  static OPEN = 1;
  static CONNECTING = 0;
  readyState = 0;
  constructor() {
    super();
    setImmediate(() => {
      this.readyState = 1;
      this.dispatchEvent(new Event("open"));
    });
  }
  send(message) {
    if (!message.startsWith("REGISTER")) return;
    registers += 1;
    const data = answered(message);
    setImmediate(() => this.dispatchEvent(Object.assign(new Event("message"), { data })));
  }
};

const tell = () => {
  console.log(registers);
  process.exit(0);
};
const { PhoneLine } = await import("./js/phone_line.js");
const line = new PhoneLine("agent1-browser", "ws://desk/phone/socket", async () => null, {}, (state) => state.line === "ready" && registers > REFUSED && tell());
void line.connect();
setTimeout(tell, PATIENCE_MS);
