// @ts-check
// A card job from this page: opens the agent's card window, hands it tickets, and shows how it goes. The page has every
// screen with its texts already; this shows and hides them. It knows no kind of job.

import { Agent, spoken } from "./agent.js";
import { CardPanel } from "./card-panel.js";

/** For so long a window may load before the page says that it does not answer. */
const PATIENCE = 4000;
/** How often the page looks whether the window is still there. */
const LOOK = 400;

/**
 * @param {ParentNode} root
 * @param {string} selector
 */
const all = (root, selector) => /** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll(selector));

/** The browser at hand, as far as its way to allow pop-ups goes. */
function browser() {
  const agent = navigator.userAgent;
  if (/Edg\//.test(agent)) return "edge";
  if (/Firefox\//.test(agent)) return "firefox";
  if (/Chrome\/|Chromium\/|CriOS\//.test(agent)) return "chrome";
  return /Safari\//.test(agent) ? "safari" : "other";
}

/** What the server says, or the page in its place, when there is no ticket. */
class NoTicket extends Error {
  /**
   * @param {"ticket-refused" | "server-gone"} screen
   * @param {string} words
   * @param {string} nextStep
   */
  constructor(screen, words, nextStep) {
    super(words);
    this.screen = screen;
    this.nextStep = nextStep;
  }
}

/**
 * As the window tells it, in words.
 * @typedef {{code?: string, heading?: string, message?: string, certain?: string, next_step?: string, way?: string, authority?: string,
 *   again?: boolean, go_on?: boolean, over?: boolean}} Refusal
 */

class CardJob {
  #root;
  #agent;
  #kind;
  #authority;
  /** What the agent has to speak. */
  #protocol;
  /** @type {CardPanel | null} */
  #panel;
  /** @type {Window | null} */
  #window = null;
  /** Whether the job needs no server, and so no ticket. */
  #alone;
  /** Counts windows: what belongs to an earlier one is over. */
  #turn = 0;
  #greeted = false;
  /** Whether the window's job was begun, and has not ended well. */
  #unfinished = false;
  /** Where the newest ticket's job tells how it ended. */
  #outcome = "";
  /**
   * What the window last said of a job that did not come off.
   * @type {Refusal | null}
   */
  #refusal = null;
  /** Which of the page's steps it begins with. */
  #first;
  /** Of the card of an earlier job, where this is for it alone. */
  #followUp;

  /** @param {HTMLElement} root */
  constructor(root) {
    const { kind = "", authority = "", agent = "", protocol = "", step = "", followUp = "", number = "" } = root.dataset;
    this.#root = root;
    this.#kind = kind;
    this.#authority = authority;
    this.#protocol = Number(protocol);
    this.#alone = root.dataset.alone === "true";
    this.#first = Number(step);
    this.#followUp = followUp;
    this.#agent = new Agent(agent);
    const panel = document.getElementById("card");
    this.#panel = panel ? new CardPanel(panel, this.#agent, authority, this.#protocol, number) : null;

    for (const part of all(root, "[data-browser]")) part.hidden = part.dataset.browser !== browser();
    root.addEventListener("click", (event) => this.#clicked(event));
    // The Enter key in a field is the button.
    this.#form()?.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#open();
    });
    // Whoever corrects a field is not told any more that it is wrong.
    this.#form()?.addEventListener("input", ({ target }) => {
      if (target instanceof HTMLInputElement) this.#judge(target, true);
    });
    addEventListener("message", (event) => this.#heard(event));
    // The page comes back as it was left, when a person goes back to it.
    addEventListener("pageshow", (event) => {
      if (event.persisted) this.#back(false);
    });
    addEventListener("pagehide", () => this.#panel?.rest());
    void this.#panel?.begin();
  }

  /** @param {Event} event */
  #clicked(event) {
    const button = event.target instanceof Element ? event.target.closest("[data-do]") : null;
    if (!(button instanceof HTMLElement)) return;
    switch (button.dataset.do) {
      case "start":
        return this.#open();
      case "detect":
        return void this.#panel?.detect();
      case "help":
        return this.#show(button.dataset.help ?? "start");
      case "focus":
        // A window that is gone for good is opened anew.
        return this.#window && !this.#window.closed ? this.#window.focus() : this.#open();
      case "back":
        return this.#back(true);
    }
  }

  /** Whether what the page asks for is filled in; what is not is said, and can be typed at once. */
  #complete() {
    const form = this.#form();
    /** @type {HTMLInputElement | undefined} */
    let first;
    for (const input of form?.querySelectorAll("input") ?? []) {
      const right = input.checkValidity();
      this.#judge(input, right);
      if (!right) first ??= input;
    }
    first?.focus();
    return !first;
  }

  /**
   * @param {HTMLInputElement} input
   * @param {boolean} right
   */
  #judge(input, right) {
    // One error is for all choices of a question.
    const error = document.getElementById(`${input.type === "radio" ? input.name : input.id}-error`);
    if (error) error.hidden = right;
    input.closest(".field")?.classList.toggle("field-wrong", !right);
    if (input.type !== "radio") input.setAttribute("aria-invalid", String(!right));
  }

  /** What the job has to know beside its kind. */
  #form() {
    return /** @type {HTMLFormElement | null} */ (document.getElementById("details"));
  }

  /** In the click itself: a browser opens no window later. */
  #open() {
    if (!this.#complete()) return;
    if (this.#panel?.agentIsOld) return this.#show("agent-old");
    const width = 560;
    const height = 780;
    const left = Math.max(0, Math.round(screenX + (outerWidth - width) / 2));
    const top = Math.max(0, Math.round(screenY + (outerHeight - height) / 2));
    const place = `popup,width=${width},height=${height},left=${left},top=${top}`;
    const address = `${this.#agent.origin}/card?lang=${document.documentElement.lang}`;
    this.#turn += 1;
    this.#greeted = false;
    this.#unfinished = false;
    this.#outcome = "";
    this.#refusal = null;
    this.#window = window.open(address, "kaika-card", place);
    if (!this.#window || this.#window.closed) {
      this.#window = null;
      return this.#show("popup-blocked");
    }
    this.#panel?.rest();
    this.#progress("window");
    this.#show("waiting");
    this.#window.focus();
    void this.#watch(this.#turn);
  }

  /**
   * Until the window closes, or another is opened.
   * @param {number} turn
   */
  async #watch(turn) {
    const begun = performance.now();
    let diagnosed = false;
    for (;;) {
      await new Promise((resolve) => setTimeout(resolve, LOOK));
      if (turn !== this.#turn) return;
      if (!this.#window || this.#window.closed) return this.#closed(performance.now() - begun);
      if (!this.#greeted && !diagnosed && performance.now() - begun > PATIENCE) {
        diagnosed = true;
        const diagnosis = await this.#agent.diagnose();
        if (turn !== this.#turn || this.#greeted) continue;
        if (diagnosis === "agent-missing" || diagnosis === "port-taken") {
          // It shows the browser's own error, or what another program made of it.
          this.#giveUp();
          return this.#show(diagnosis);
        }
        this.#show("agent-silent");
      }
    }
  }

  #giveUp() {
    this.#turn += 1;
    this.#window?.close();
    this.#window = null;
  }

  /**
   * The window is gone without having said that it is done.
   * @param {number} after milliseconds
   */
  async #closed(after) {
    const turn = this.#turn;
    this.#window = null;
    // Some browsers and their extensions open a window and close it at once.
    if (!this.#greeted && after < 4 * LOOK) return this.#show("popup-blocked");
    if (!this.#alone) {
      const state = this.#outcome ? await this.#state() : "waiting";
      if (turn !== this.#turn) return;
      // The window may know of an end that the server has not heard of.
      const ended = state === "succeeded" || state === "failed" || (state === "running" && !this.#refusal);
      if (ended) return location.assign(this.#outcome);
    }
    // What helps stands here already.
    if (this.#root.dataset.shown === "refused") return;
    if (this.#refusal) return this.#explain(this.#refusal);
    // Nothing was asked of the server, and what the person came for was in the window.
    if (this.#alone && this.#greeted && !this.#unfinished) return this.#back(false);
    const unsure = this.#unfinished && this.#root.querySelector("[data-screen=window-unsure]");
    this.#show(unsure ? "window-unsure" : "window-closed");
  }

  /** @returns {Promise<string>} */
  async #state() {
    try {
      const answer = await fetch(this.#outcome, { headers: { accept: "application/json" }, cache: "no-store" });
      return (await answer.json()).state ?? "";
    } catch {
      return "";
    }
  }

  /** @param {MessageEvent} event */
  #heard(event) {
    if (!this.#window || event.source !== this.#window || event.origin !== this.#agent.origin) return;
    const message = event.data;
    switch (message?.kaika) {
      case "window":
        if (spoken(message) < this.#protocol) {
          this.#giveUp();
          return this.#show("agent-old");
        }
      // falls through
      case "ticket-wanted":
        this.#greeted = true;
        return void this.#answer(this.#turn);
      case "progress":
        this.#unfinished = message.state === "running" || this.#unfinished;
        this.#refusal = null;
        this.#progress(message.state === "running" ? "running" : "begun");
        return this.#show("waiting");
      case "finished":
        if (message.state === "succeeded") return this.#finished();
        this.#refusal = message;
        this.#progress("refused");
        // As long as the window has a way on, that is the place to go on.
        if (message.over) return this.#explain(message);
        return this.#show("waiting");
    }
  }

  /**
   * Why it did not come off, what is certain, and where to go on.
   * @param {Refusal} refusal
   */
  #explain(refusal) {
    const screen = /** @type {HTMLElement} */ (this.#root.querySelector("[data-screen=refused]"));
    for (const part of all(screen, "[data-fill]")) {
      const name = /** @type {"heading" | "message" | "certain" | "next_step"} */ (part.dataset.fill);
      part.textContent = String(refusal[name] ?? part.dataset.otherwise ?? "");
      part.hidden = !part.textContent;
    }
    for (const way of all(screen, "[data-way]")) way.hidden = way.dataset.way !== refusal.way;
    for (const help of all(screen, "[data-code]")) help.hidden = help.dataset.code !== refusal.code;
    for (const other of all(screen, "[data-elsewhere]")) other.hidden = other.dataset.elsewhere !== refusal.authority;
    for (const again of all(screen, "[data-again]")) again.hidden = !refusal.again || Boolean(refusal.go_on);
    for (const goOn of all(screen, "[data-go-on]")) goOn.hidden = !refusal.go_on;
    this.#show("refused");
  }

  /** @param {number} turn */
  async #answer(turn) {
    try {
      const ticket = this.#alone ? "" : await this.#ticket();
      if (turn !== this.#turn) return;
      this.#tell({ kaika: "job", kind: this.#kind, authority: this.#authority, ticket });
      this.#progress("begun");
      this.#show("waiting");
    } catch (error) {
      if (turn !== this.#turn || !(error instanceof NoTicket)) return;
      this.#tell({ kaika: "no-ticket", message: error.message, next_step: error.nextStep });
      this.#show(error.screen);
    }
  }

  /** @param {object} message */
  #tell(message) {
    this.#window?.postMessage(message, this.#agent.origin);
  }

  /** @returns {Promise<string>} */
  async #ticket() {
    /** @type {Response} */
    let answer;
    /** @type {any} */
    let body;
    try {
      answer = await fetch(`/${this.#authority}/${this.#kind}/tickets`, {
        method: "POST",
        headers: {
          accept: "application/json",
          "accept-language": document.documentElement.lang,
          "content-type": "application/json",
        },
        body: JSON.stringify({
          ...Object.fromEntries(new FormData(this.#form() ?? undefined)),
          ...(this.#followUp ? { follow_up: this.#followUp } : {}),
        }),
      });
      body = await answer.json();
    } catch {
      const gone = /** @type {HTMLElement} */ (this.#root.querySelector("[data-screen=server-gone]"));
      /** @param {string} what */
      const words = (what) => gone.querySelector(`[data-say=${what}]`)?.textContent ?? "";
      throw new NoTicket("server-gone", words("message"), words("next_step"));
    }
    if (answer.ok) {
      // Where this page was to lead: the outcome's page goes on there.
      this.#outcome = body.outcome + location.search;
      return body.ticket;
    }
    const { message = "", next_step = "" } = body.error ?? {};
    for (const part of all(this.#root, "[data-screen=ticket-refused] [data-fill]")) {
      part.textContent = part.dataset.fill === "message" ? message : next_step;
    }
    throw new NoTicket("ticket-refused", message, next_step);
  }

  #finished() {
    this.#turn += 1;
    if (this.#alone) return this.#show("finished");
    const link = /** @type {HTMLAnchorElement | null} */ (document.getElementById("outcome"));
    if (link) link.href = this.#outcome;
    this.#show("finished");
    location.assign(this.#outcome);
  }

  /** @param {boolean} byClick */
  #back(byClick) {
    this.#giveUp();
    this.#show("start");
    if (byClick) document.getElementById("start")?.focus();
    void this.#panel?.begin();
  }

  /** @param {"window" | "begun" | "running" | "refused"} state */
  #progress(state) {
    for (const part of all(this.#root, "[data-progress]")) part.hidden = part.dataset.progress !== state;
  }

  /** @param {string} name */
  #show(name) {
    if (this.#root.dataset.shown === name) return;
    this.#root.dataset.shown = name;
    for (const screen of all(this.#root, "[data-screen]")) screen.hidden = screen.dataset.screen !== name;
    const steps = all(document, "#steps > li");
    const last = steps.length - 1;
    const step = name === "start" ? this.#first : name === "finished" ? last : Math.max(this.#first, 1);
    steps.forEach((item, at) => {
      item.classList.toggle("done", at < step);
      if (at === step) item.setAttribute("aria-current", "step");
      else item.removeAttribute("aria-current");
    });
    if (name === "start") return;
    // Screen readers read on from here, and a page that was scrolled shows it.
    const heading = /** @type {HTMLElement | null} */ (this.#root.querySelector(`[data-screen="${name}"] [tabindex]`));
    heading?.focus({ preventScroll: true });
    document.getElementById("steps")?.scrollIntoView({ block: "start" });
  }
}

/** Brings the page's job to life. */
export function offerCardJob() {
  const root = document.getElementById("job");
  if (root) new CardJob(root);
}
