// @ts-check
// Shows in the page which card is in the reader, and follows it as it comes and goes.

import { Agent, Refused } from "./agent.js";
/** @typedef {import("./agent.js").Reader} Reader */

/** @param {string} date */
const day = (date) =>
  // Sweden writes days as 2026-11-20 does.
  new Date(date).toLocaleDateString("sv-SE", { timeZone: "Asia/Taipei" });

export class CardPanel {
  #agent;
  #authority;
  #panel;
  /** @type {AbortController | undefined} */
  #following;

  /**
   * @param {HTMLElement} panel
   * @param {Agent} agent
   * @param {string} authority
   */
  constructor(panel, agent, authority) {
    this.#panel = panel;
    this.#agent = agent;
    this.#authority = authority;
    panel.hidden = false;
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
    let seen = false;
    try {
      for (let known = -1; !signal.aborted; ) {
        const { changes, readers } = await this.#agent.cards(signal);
        seen = true;
        if (changes !== known) this.#show(readers);
        known = changes;
        await this.#agent.changes(known, signal);
      }
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof Refused) {
        for (const part of this.#panel.querySelectorAll("[data-card=refused] [data-fill]")) {
          const key = /** @type {"message" | "next_step"} */ (/** @type {HTMLElement} */ (part).dataset.fill);
          part.textContent = error.refusal[key] ?? "";
        }
        this.#list([]);
        this.#say("refused");
      } else if (seen) {
        this.#say("lost");
      } else {
        const diagnosis = await this.#agent.diagnose();
        if (signal.aborted) return;
        this.#say(diagnosis === "agent-missing" || diagnosis === "port-taken" ? diagnosis : "not-allowed");
      }
    } finally {
      if (this.#following === following) this.#following = undefined;
      this.#buttonSaysAgain();
    }
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
    if (cards.some((card) => card.authority === this.#authority)) this.#say("found");
    else if (cards.length > 0) this.#say("other");
    else this.#say(readers.length > 0 ? "no-card" : "no-reader");
    this.#buttonSaysAgain();
  }

  /** @param {Reader[]} cards */
  #list(cards) {
    const list = /** @type {HTMLElement} */ (this.#panel.querySelector("#cards"));
    list.replaceChildren(...cards.map((card) => this.#item(card)));
    list.hidden = cards.length === 0;
  }

  /**
   * @param {Reader} card
   * @returns {DocumentFragment}
   */
  #item(card) {
    const template = /** @type {HTMLTemplateElement} */ (this.#panel.querySelector("#card-template"));
    const item = /** @type {DocumentFragment} */ (template.content.cloneNode(true));
    const validity = /** @type {HTMLElement} */ (item.querySelector("[data-fill=validity]"));
    /** @type {Record<string, string | null | undefined>} */
    const facts = {
      reader: card.reader,
      number: card.number,
      holder: card.holder,
      validity:
        card.not_before && card.not_after
          ? (validity.dataset.form ?? "").replace("FROM", day(card.not_before)).replace("TO", day(card.not_after))
          : null,
    };
    for (const [name, value] of Object.entries(facts)) {
      const row = /** @type {HTMLElement} */ (item.querySelector(`[data-row=${name}]`));
      const place = /** @type {HTMLElement} */ (item.querySelector(`[data-fill=${name}]`));
      place.textContent = value ?? "";
      row.hidden = !value;
    }
    const link = card.authority ? item.querySelector(`[data-authority="${CSS.escape(card.authority)}"]`) : null;
    const when = card.authority === this.#authority ? "" : link ? "elsewhere" : "unknown";
    for (const part of item.querySelectorAll("[data-when]")) {
      /** @type {HTMLElement} */ (part).hidden = /** @type {HTMLElement} */ (part).dataset.when !== when;
    }
    if (link) /** @type {HTMLElement} */ (link).hidden = false;
    return item;
  }

  /** @param {string} state */
  #say(state) {
    for (const part of this.#panel.querySelectorAll("[data-card]")) {
      /** @type {HTMLElement} */ (part).hidden = /** @type {HTMLElement} */ (part).dataset.card !== state;
    }
    this.#panel.dataset.state = state;
  }

  #buttonSaysAgain() {
    for (const part of this.#panel.querySelectorAll("[data-detect]")) {
      /** @type {HTMLElement} */ (part).hidden = /** @type {HTMLElement} */ (part).dataset.detect !== "again";
    }
  }
}
