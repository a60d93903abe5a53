// @ts-check
// Asks the agent on this computer which readers and cards are there, where the browser lets this page.

/**
 * @typedef {object} Reader
 * @property {string} reader
 * @property {boolean} card
 * @property {string | null} [number]
 * @property {string | null} [authority]
 * @property {Refusal | null} [unread] why the card cannot be read now
 * @property {string | null} [holder] the subject, C first
 * @property {string | null} [holder_name] as people say it; older agents tell none
 * @property {string | null} [not_before]
 * @property {string | null} [not_after]
 */
/** @typedef {{ changes: number, readers: Reader[] }} Cards */
/** @typedef {{ code?: string, message?: string, next_step?: string }} Refusal */
/** The protocol of agents that say none. */
const FIRST = 1;

/** @typedef {"there" | "agent-missing" | "port-taken" | "unknown"} Diagnosis */

/** The agent answered, but not with what was asked for. */
export class Refused extends Error {
  /** @param {Refusal} refusal */
  constructor(refusal) {
    super(refusal.code);
    this.refusal = refusal;
  }
}

/**
 * What the browser says of this page's access to programs on this computer; it has had two names.
 * @returns {Promise<PermissionState | "unknown">}
 */
async function permission() {
  for (const name of ["loopback-network", "local-network-access"]) {
    try {
      const status = await navigator.permissions.query({ name: /** @type {PermissionName} */ (name) });
      return status.state;
    } catch {
      // A name that this browser does not know.
    }
  }
  return "unknown";
}

/** Pages of this computer may ask without a permission. */
function isLoopback() {
  return ["localhost", "127.0.0.1", "[::1]"].includes(location.hostname);
}

/**
 * The protocol in what an agent says of itself.
 * @param {{ protocol?: unknown }} word
 * @returns {number}
 */
export function spoken({ protocol }) {
  return typeof protocol === "number" ? protocol : FIRST;
}

export class Agent {
  /** @param {string} origin */
  constructor(origin) {
    this.origin = origin;
  }

  /** Whether it can be asked without the browser asking the person. */
  async mayBeAsked() {
    return isLoopback() || (await permission()) === "granted";
  }

  /**
   * Readers and cards. Throws `Refused`, or `TypeError` where there is no answer that this page may read.
   * @param {AbortSignal} signal
   * @returns {Promise<Cards>}
   */
  async cards(signal) {
    return this.#ask(`/cards?lang=${document.documentElement.lang}`, signal);
  }

  /**
   * Answers once the count is another one, or after a while.
   * @param {number} since
   * @param {AbortSignal} signal
   * @returns {Promise<{ changes: number }>}
   */
  async changes(since, signal) {
    return this.#ask(`/changes?since=${since}`, signal);
  }

  /**
   * The protocol that it speaks; null where it does not say so to this page.
   * @param {AbortSignal} [signal]
   * @returns {Promise<number | null>}
   */
  async protocol(signal) {
    try {
      const answer = await fetch(this.#hello(), { cache: "no-store", signal });
      return spoken(await answer.json());
    } catch {
      return null;
    }
  }

  #hello() {
    return `${this.origin}/hello?nonce=${crypto.getRandomValues(new Uint32Array(2)).join("")}`;
  }

  /**
   * Why there was no answer.
   * @returns {Promise<Diagnosis>}
   */
  async diagnose() {
    if (!(await this.mayBeAsked())) return "unknown";
    const question = this.#hello();
    try {
      const answer = await fetch(question, { cache: "no-store" });
      const hello = await answer.json();
      return typeof hello.proof === "string" ? "there" : "port-taken";
    } catch (error) {
      // Something answered this page, though not in the agent's words.
      if (error instanceof SyntaxError) return "port-taken";
    }
    try {
      await fetch(question, { cache: "no-store", mode: "no-cors" });
      return "port-taken";
    } catch {
      return (await permission()) === "denied" ? "unknown" : "agent-missing";
    }
  }

  /**
   * @param {string} path
   * @param {AbortSignal} signal
   * @returns {Promise<any>}
   */
  async #ask(path, signal) {
    const answer = await fetch(this.origin + path, { cache: "no-store", signal });
    const body = await answer.json();
    if (!answer.ok) throw new Refused(body.error ?? {});
    return body;
  }
}
