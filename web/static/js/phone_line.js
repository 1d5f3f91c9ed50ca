// @ts-check
/**
 * The agent's phone: registered at Asterisk by way of the desk, one call at a time, its sound straight to Asterisk.
 * A talk goes on while the way of its messages is lost, and finds it again (RFC 3261 12.2: a re-INVITE names the new one).
 */

import { Registerer, RegistererState, SessionState, UserAgent, UserAgentState, Web } from "../vendor/sip.min.js";

const AGAIN_MS = 1_000;
const SILENT_MS = 3_000; // with no way for the sound by then, somebody has to know
const ICE_MS = 500; // to find this machine's addresses; no server elsewhere is asked
const GONE = 'Reason: Q.850;cause=41;text="the page is gone"'; // temporary failure: nobody hung up
/** How the desk says why a connection is over, beyond which it is not tried again. @type {Record<number, string>} */
const ENDS = { 4401: "session", 4403: "other", 4409: "elsewhere", 4422: "unfit" };

/**
 * @typedef {{state: "ringing" | "answering" | "talking", since: number, muted: boolean, held: boolean, silent: boolean}} PhoneCall
 * @typedef {{line: string, call: PhoneCall | null}} PhoneState  `line`: connecting, ready, or how it ended
 */

export class PhoneLine {
  /**
   * @param {string} phone its name at Asterisk
   * @param {string} server the desk's WebSocket
   * @param {() => Promise<MediaStream>} microphone
   * @param {HTMLAudioElement} ear
   * @param {(state: PhoneState) => void} changed
   */
  constructor(phone, server, microphone, ear, changed) {
    this.ear = ear;
    this.changed = changed;
    /** @type {PhoneState} */
    this.state = { line: "connecting", call: null };
    /** @type {any} */ this.session = null;
    /** @type {any} */ this.registerer = null;
    this.over = false;
    this.agent = new UserAgent({
      uri: UserAgent.makeURI(`sip:${phone}@onenumber.invalid`),
      contactName: phone,
      authorizationUsername: phone,
      authorizationPassword: "the desk answers for this page",
      transportOptions: { server, keepAliveInterval: 0 },
      sessionDescriptionHandlerFactory: Web.defaultSessionDescriptionHandlerFactory(microphone),
      sessionDescriptionHandlerFactoryOptions: { iceGatheringTimeout: ICE_MS, peerConnectionConfiguration: { iceServers: [] } },
      logBuiltinEnabled: false,
      delegate: {
        onConnect: () => void this.connected(),
        onDisconnect: (/** @type {Error | undefined} */ error) => this.disconnected(error),
        onInvite: (/** @type {any} */ invitation) => this.invited(invitation),
      },
    });
  }

  /** @param {Partial<PhoneState>} change */
  tell(change) {
    this.state = { ...this.state, ...change };
    this.changed(this.state);
  }

  /** @param {Partial<PhoneCall>} change */
  tellCall(change) {
    if (this.state.call) this.tell({ call: { ...this.state.call, ...change } });
  }

  // the line

  async connect() {
    if (this.over) return;
    try {
      await (this.agent.state === UserAgentState.Started ? this.agent.reconnect() : this.agent.start());
    } catch {
      this.connectSoon();
    }
  }

  connectSoon() {
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.connect(), AGAIN_MS);
  }

  async connected() {
    this.register();
    if (this.session?.state === SessionState.Established) await this.session.invite().catch(() => null);
  }

  register() {
    const mine = (this.registerer = new Registerer(this.agent, { expires: 120 }));
    mine.stateChange.addListener((/** @type {string} */ state) => {
      if (mine !== this.registerer || this.over) return;
      this.tell({ line: state === RegistererState.Registered ? "ready" : "connecting" });
      if (state === RegistererState.Unregistered) refused(); // or a renewal was, which is not tried again by itself
    });
    const refused = () => void window.setTimeout(() => mine === this.registerer && this.register(), 2 * AGAIN_MS);
    mine.register().catch(() => null);
  }

  /** @param {Error | undefined} error */
  disconnected(error) {
    this.registerer?.dispose().catch(() => null);
    this.registerer = null;
    const why = ENDS[Number(/code: (\d+)/.exec(error?.message ?? "")?.[1])];
    if (why) this.end(why);
    else if (!this.over) {
      this.tell({ line: "connecting" });
      this.connectSoon();
    }
  }

  /** No calls come here any more; a talk that is on is not hung up. @param {string} why */
  end(why) {
    this.over = true;
    this.tell({ line: why });
    if (!this.session) this.agent.stop().catch(() => null);
  }

  /** The page goes, which nobody wanted: whoever is in the talk is not hung up on, but brought to somebody. */
  leave() {
    if (this.session?.state === SessionState.Established) void this.session.bye({ requestOptions: { extraHeaders: [GONE] } });
    this.session = null;
  }

  // a call

  /** @param {any} invitation */
  invited(invitation) {
    if (this.session || this.over) return void invitation.reject({ statusCode: 486 });
    this.session = invitation;
    invitation.stateChange.addListener((/** @type {string} */ state) => {
      if (this.session !== invitation) return;
      if (state === SessionState.Established) this.established();
      if (state === SessionState.Terminated) this.ended();
    });
    this.tell({ call: { state: "ringing", since: Date.now(), muted: false, held: false, silent: false } });
  }

  async answer() {
    if (this.state.call?.state !== "ringing") return;
    this.tellCall({ state: "answering" });
    try {
      await this.session.accept({ sessionDescriptionHandlerOptions: { constraints: { audio: true, video: false } } });
    } catch {
      this.hangUp();
    }
  }

  established() {
    const handler = this.session.sessionDescriptionHandler;
    this.ear.srcObject = handler.remoteMediaStream;
    void this.ear.play().catch(() => null);
    this.tellCall({ state: "talking", since: Date.now() });
    this.watchSound(handler.peerConnection);
  }

  /** Says so where the sound has no way, or loses it, for longer than it may. @param {RTCPeerConnection} connection */
  watchSound(connection) {
    let timer = 0;
    const session = this.session;
    const look = () => {
      if (session !== this.session) return;
      const works = connection.connectionState === "connected";
      window.clearTimeout(timer);
      if (works) this.tellCall({ silent: false });
      else timer = window.setTimeout(() => session === this.session && this.tellCall({ silent: true }), SILENT_MS);
    };
    connection.addEventListener("connectionstatechange", look);
    look();
  }

  ended() {
    this.session = null;
    this.ear.srcObject = null;
    this.tell({ call: null });
    if (this.over) this.agent.stop().catch(() => null);
  }

  hangUp() {
    const session = this.session;
    if (session?.state === SessionState.Established) session.bye().catch(() => session.dispose());
    else if (session?.state === SessionState.Initial) session.reject({ statusCode: 603 }).catch(() => null);
    else session?.dispose().catch(() => null);
  }

  mute() {
    const call = this.state.call;
    if (call?.state !== "talking") return;
    this.tellCall({ muted: !call.muted });
    this.open();
  }

  /** A re-INVITE; Asterisk plays music to the caller meanwhile. */
  async hold() {
    const call = this.state.call;
    if (call?.state !== "talking") return;
    const session = this.session;
    const held = !call.held;
    session.sessionDescriptionHandlerOptionsReInvite = { ...session.sessionDescriptionHandlerOptionsReInvite, hold: held };
    const told = (/** @type {boolean} */ is) => {
      if (session !== this.session) return;
      this.tellCall({ held: is });
      this.open();
    };
    await session.invite({ requestDelegate: { onAccept: () => told(held), onReject: () => told(!held) } }).catch(() => null);
  }

  /** What the microphone and the ear may do now. */
  open() {
    const call = this.state.call;
    const handler = this.session?.sessionDescriptionHandler;
    handler?.enableSenderTracks(!call?.held && !call?.muted);
    handler?.enableReceiverTracks(!call?.held);
  }

  /** @param {string} key */
  press(key) {
    if (this.state.call?.state === "talking") this.session.sessionDescriptionHandler.sendDtmf(key, { duration: 120, interToneGap: 70 });
  }
}
