// @ts-check
// Shows in the page which card is in the reader, and follows it as it comes and goes.

import { Agent, Refused } from "./agent.js";
/** @typedef {import("./agent.js").Reader} Reader */

/** How long until an agent that did not answer is asked again. */
const AGAIN = 4000;

/**
 * What is known to be there, in each state of the panel.
 * @type {Record<string, string[]>}
 */
const READY = {
  found: ["agent", "reader", "card"],
  several: ["agent", "reader", "card"],
  unread: ["agent", "reader"],
  other: ["agent", "reader"],
  "no-card": ["agent", "reader"],
  "no-reader": ["agent"],
  refused: ["agent"],
};

/** More own cards than these are folded away. */
const FEW = 3;

/** @param {string} date */
const day = (date) =>
  // Sweden writes days as 2026-11-20 does.
  new Date(date).toLocaleDateString("sv-SE", { timeZone: "Asia/Taipei" });

/**
 * @param {ParentNode} root
 * @param {string} name
 * @param {string | null | undefined} value
 */
function fill(root, name, value) {
  const place = root.querySelector(`[data-fill=${name}]`);
  if (place) place.textContent = value ?? "";
}

export class CardPanel {
  #agent;
  #authority;
  #panel;
  #protocol;
  /** The one card that is meant, where that is settled. */
  #number;
  /** What the script has put into the field for the card number. */
  #prefilled = "";
  /** @type {AbortController | undefined} */
  #following;

  /**
   * @param {HTMLElement} panel
   * @param {Agent} agent
   * @param {string} authority
   * @param {number} protocol what the agent has to speak
   * @param {string} number of the one card that is meant, or nothing
   */
  constructor(panel, agent, authority, protocol, number) {
    this.#panel = panel;
    this.#agent = agent;
    this.#authority = authority;
    this.#protocol = protocol;
    this.#number = number;
    panel.hidden = false;
  }

  /** Whether the agent was found to be too old for this job. */
  get agentIsOld() {
    return this.#panel.dataset.state === "agent-old";
  }

  /** Looks by itself where the browser asks nobody for that. */
  async begin() {
    if (await this.#agent.mayBeAsked()) await this.detect();
  }

  /** Looks, and goes on looking until `rest`. */
  async detect() {
    this.rest();
    const following = (this.#following = new AbortController());
    const { signal } = following;
    this.#say("looking");
    this.#list([]);
    // An agent that is started meanwhile is found, where asking again troubles nobody.
    while (!signal.aborted) {
      const again = await this.#follow(signal);
      if (signal.aborted) return;
      this.#buttonSaysAgain();
      if (!again || !(await this.#agent.mayBeAsked())) return;
      await new Promise((resolve) => setTimeout(resolve, AGAIN));
    }
  }

  /**
   * Until the agent does not answer any more; whether it is worth asking again.
   * @param {AbortSignal} signal
   * @returns {Promise<boolean>}
   */
  async #follow(signal) {
    let shown = "";
    try {
      for (;;) {
        const { changes, readers } = await this.#agent.cards(signal);
        const found = JSON.stringify(readers);
        if (!shown && (await this.#isOld(signal))) {
          this.#say("agent-old");
          return false;
        }
        if (found !== shown) this.#show(readers);
        shown = found;
        await this.#agent.changes(changes, signal);
      }
    } catch (error) {
      if (signal.aborted) return false;
      if (error instanceof Refused) {
        fill(this.#panel, "message", error.refusal.message);
        fill(this.#panel, "next_step", error.refusal.next_step);
        this.#list([]);
        this.#say("refused");
        return false;
      }
      if (shown) {
        this.#say("lost");
        return true;
      }
      const diagnosis = await this.#agent.diagnose();
      if (signal.aborted) return false;
      const known = diagnosis === "agent-missing" || diagnosis === "port-taken";
      this.#list([]);
      this.#say(known ? diagnosis : "not-allowed");
      return known;
    }
  }

  /** @param {AbortSignal} signal */
  async #isOld(signal) {
    const protocol = await this.#agent.protocol(signal);
    return !signal.aborted && protocol !== null && protocol < this.#protocol;
  }

  /** Stops looking. */
  rest() {
    this.#following?.abort();
    this.#following = undefined;
  }

  /** @param {Reader[]} readers */
  #show(readers) {
    const cards = readers.filter((reader) => reader.card);
    this.#list(cards);
    const own = cards.filter((card) => this.#isMeant(card)).length;
    if (own > 1) this.#saySeveral(own);
    else if (own > 0) this.#say("found");
    else if (cards.some((card) => card.unread)) this.#sayUnread(cards);
    else if (this.#number && cards.length > 0) this.#say("another");
    else if (cards.length > 0) this.#say("other");
    else this.#say(readers.length > 0 ? "no-card" : "no-reader");
    this.#buttonSaysAgain();
  }

  /** @param {number} count */
  #saySeveral(count) {
    const place = /** @type {HTMLElement} */ (this.#panel.querySelector("[data-fill=several]"));
    place.textContent = (place.dataset.form ?? "").replace("COUNT", String(count));
    this.#say("several");
  }

  /**
   * It may be the one that is looked for.
   * @param {Reader[]} cards
   */
  #sayUnread(cards) {
    const refusal = cards.find((card) => card.unread)?.unread;
    fill(this.#panel, "unread", refusal?.message);
    fill(this.#panel, "unread-next", refusal?.next_step);
    this.#say("unread");
  }

  /** @param {Reader[]} cards */
  #list(cards) {
    const own = cards.filter((card) => this.#isMeant(card));
    const others = cards.filter((card) => !this.#isMeant(card));
    const list = /** @type {HTMLElement} */ (this.#panel.querySelector("#cards"));
    list.replaceChildren(...own.map((card) => this.#own(card)));
    list.hidden = own.length === 0;
    const fold = /** @type {HTMLDetailsElement} */ (this.#panel.querySelector("#own-cards"));
    const summary = /** @type {HTMLElement} */ (fold.querySelector("summary"));
    const many = own.length > FEW;
    if (summary.hidden === many) {
      summary.hidden = !many;
      fold.open = !many;
    }
    this.#prefill(own);
    const more = /** @type {HTMLDetailsElement} */ (this.#panel.querySelector("#other-cards"));
    more.querySelector("ul")?.replaceChildren(...others.map((card) => this.#other(card)));
    more.hidden = others.length === 0;
    more.open = own.length === 0 || others.some((card) => card.unread);
    for (const figure of document.querySelectorAll("[data-figure]")) {
      const wanted = own.length > 0 ? "card" : "reader";
      /** @type {HTMLElement} */ (figure).hidden = /** @type {HTMLElement} */ (figure).dataset.figure !== wanted;
    }
  }

  /** @param {Reader} card */
  #isMeant(card) {
    return card.authority === this.#authority && (!this.#number || card.number === this.#number);
  }

  /**
   * Where the page asks for the number, it is that of the only card, unless the person has typed another.
   * @param {Reader[]} own
   */
  #prefill(own) {
    const field = document.querySelector("[data-prefill=card-number]");
    if (!(field instanceof HTMLInputElement) || field.value !== this.#prefilled) return;
    const number = own.length === 1 ? (own[0]?.number ?? "") : "";
    if (number === this.#prefilled) return;
    field.value = this.#prefilled = number;
    // What was wrong with an empty field is right now.
    if (number) field.dispatchEvent(new Event("input", { bubbles: true }));
  }

  /**
   * @param {Reader} card
   * @returns {DocumentFragment}
   */
  #own(card) {
    const item = this.#copy("#card-template");
    const form = /** @type {HTMLElement} */ (item.querySelector("[data-fill=validity]")).dataset.form ?? "";
    const { reader, number, holder: subject, not_before: from, not_after: to } = card;
    const holder = card.holder_name ?? subject;
    const validity = from && to ? form.replace("FROM", day(from)).replace("TO", day(to)) : null;
    for (const [name, value] of Object.entries({ reader, number, holder, subject, validity })) {
      fill(item, name, value);
      /** @type {HTMLElement} */ (item.querySelector(`[data-row=${name}]`)).hidden = !value;
    }
    return item;
  }

  /**
   * Of another authority, or none that this portal knows: what is on it is nobody's business here.
   * @param {Reader} card
   * @returns {DocumentFragment}
   */
  #other(card) {
    const item = this.#copy("#other-card-template");
    fill(item, "reader", card.reader);
    fill(item, "number", card.number);
    const own = card.authority === this.#authority;
    /** @type {HTMLAnchorElement | null} */
    const link = card.authority && !own ? item.querySelector(`[data-authority="${CSS.escape(card.authority)}"]`) : null;
    if (link) link.hidden = false;
    fill(item, "unread", card.unread?.message);
    const when = card.unread ? "unread" : own ? "another" : link ? "elsewhere" : "unknown";
    /** @type {HTMLElement} */ (item.querySelector(`[data-when=${when}]`)).hidden = false;
    return item;
  }

  /**
   * @param {string} template
   * @returns {DocumentFragment}
   */
  #copy(template) {
    const { content } = /** @type {HTMLTemplateElement} */ (this.#panel.querySelector(template));
    return /** @type {DocumentFragment} */ (content.cloneNode(true));
  }

  /** @param {string} state */
  #say(state) {
    for (const part of this.#panel.querySelectorAll("[data-card]")) {
      /** @type {HTMLElement} */ (part).hidden = /** @type {HTMLElement} */ (part).dataset.card !== state;
    }
    this.#panel.dataset.state = state;
    for (const need of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-need]"))) {
      const ready = (READY[state] ?? []).includes(need.dataset.need ?? "");
      need.classList.toggle("is-ready", ready);
      /** @type {HTMLElement} */ (need.querySelector(".ready")).hidden = !ready;
    }
  }

  #buttonSaysAgain() {
    for (const part of this.#panel.querySelectorAll("[data-detect]")) {
      /** @type {HTMLElement} */ (part).hidden = /** @type {HTMLElement} */ (part).dataset.detect !== "again";
    }
  }
}
