// @ts-check
// The card window: shows what the agent says, hands it what the person does, and passes messages between the agent and
// the page that opened the window. It decides nothing, and nothing that a person types ever goes to that page.

/**
 * What the agent answers.
 * @typedef {object} View
 * @property {number} version
 * @property {string} screen
 * @property {string} key another one for every other screen
 * @property {string} html
 * @property {string} title
 * @property {string} announce
 * @property {string | null} focus id of the field to type in
 * @property {{percent: number, words: string} | null} bar
 * @property {boolean} wants_ticket
 * @property {{attempt: number, kaika: string, state: string, code?: string, way?: string} | null} tell
 * @property {number | null} close_after_ms
 * @property {string | null} accent six hexadecimal digits
 */

/** For so long a window has to be looked at before its buttons work: nobody is made to press one by surprise. */
const FOCUS_MS = 600;
/** For so long the page may take to find a ticket. */
const ANSWER_MS = 15_000;
const RETRY_MS = 1_500;

/** @param {string} id */
function byId(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`no element ${id}`);
  return found;
}

const main = byId("window");
const box = byId("screen");
const announcement = byId("announcement");
const token = main.dataset.token ?? "";
/** @type {Window | null} */
const page = window.opener;

/**
 * The origin that the page spoke from first; no other is listened to.
 * @type {string | null}
 */
let site = null;
let version = 0;
let key = "";
let told = "";
let ticketAsked = false;
let following = false;
let over = false;
let acting = false;
/** The last thing that was asked of the agent. */
let turn = Promise.resolve();
let inFocus = false;
let focusTimer = 0;
let answerTimer = 0;

/**
 * @param {string} what
 * @param {object} body
 * @returns {Promise<View | null>} null where the agent did not answer
 */
async function send(what, body) {
  let answer;
  try {
    answer = await fetch(`/card/${what}`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        "accept-language": document.documentElement.lang,
        "x-kaika-window": token,
      },
      body: JSON.stringify(body),
    });
    if (answer.ok) return await answer.json();
  } catch {
    // The agent is gone, or on its way out.
  }
  // A refusal means that it does not know this window any more.
  if (answer && answer.status >= 400) over = true;
  showFixed(over ? "forgotten" : "agent-gone");
  return null;
}

/**
 * @param {string} what
 * @param {object} body
 */
function act(what, body) {
  // A second click says nothing new.
  if (!acting) turn = perform(what, body);
}

/**
 * What the page says waits for its turn: it may answer before the agent's word on the last click has come.
 * @param {string} what
 * @param {object} body
 */
function pass(what, body) {
  turn = turn.then(() => perform(what, body));
}

/**
 * @param {string} what
 * @param {object} body
 */
async function perform(what, body) {
  if (over) return;
  acting = true;
  box.setAttribute("aria-busy", "true");
  try {
    const view = await send(what, body);
    if (view) show(view, true);
  } finally {
    acting = false;
    box.removeAttribute("aria-busy");
  }
  follow();
}

/** Shows whatever happens, until the end. */
async function follow() {
  if (following || over) return;
  following = true;
  while (!over) {
    const view = await send("watch", { seen: version });
    if (view) show(view, false);
    else if (!over) await new Promise((done) => setTimeout(done, RETRY_MS));
  }
  following = false;
}

/**
 * @param {View} view
 * @param {boolean} asked whether the person has just done something
 */
function show(view, asked) {
  if (view.version < version) return;
  version = view.version;
  tell(view);
  const same = view.key === key;
  key = view.key;
  if (same && view.bar) {
    const bar = document.getElementById("bar");
    if (bar instanceof HTMLProgressElement) bar.value = view.bar.percent;
    byId("doing").textContent = view.bar.words;
    return;
  }
  document.title = view.title;
  if (view.accent) colour(view.accent);
  const kept = same ? typed() : new Map();
  const focused = same ? document.activeElement?.id : undefined;
  // Nothing typed stays behind for whoever remembers forms.
  if (!same) for (const field of fields()) field.value = "";
  // The agent's own markup, in which everything else is escaped.
  box.innerHTML = view.html;
  for (const field of fields()) field.value = kept.get(field.id) ?? "";
  applyFocusGuard();
  const target = (!same || asked) && view.focus ? view.focus : focused || (same ? "" : "heading");
  document.getElementById(target)?.focus();
  if (!same || asked) announcement.textContent = view.announce;
  if (view.close_after_ms !== null) {
    over = true;
    setTimeout(() => window.close(), view.close_after_ms);
  }
}

/** @param {string} accent */
function colour(accent) {
  const href = `/accent/${accent}.css`;
  const link = document.getElementById("accent") ?? document.createElement("link");
  if (!(link instanceof HTMLLinkElement) || link.getAttribute("href") === href) return;
  link.id = "accent";
  link.rel = "stylesheet";
  link.href = href;
  document.head.append(link);
}

/** @param {string} screen one that the agent has no word in */
function showFixed(screen) {
  if (key === screen) return;
  key = screen;
  version = 0;
  for (const field of fields()) field.value = "";
  const template = byId(`screen-${screen}`);
  if (template instanceof HTMLTemplateElement) box.replaceChildren(template.content.cloneNode(true));
  announcement.textContent = box.textContent;
}

/** @returns {HTMLInputElement[]} */
function fields() {
  return Array.from(box.querySelectorAll("input"));
}

/** @returns {Map<string, string>} */
function typed() {
  return new Map(fields().map((field) => [field.id, field.value]));
}

// The page

/** @param {View} view */
function tell(view) {
  if (view.tell && site !== null) {
    const { attempt, ...message } = view.tell;
    const now = JSON.stringify(view.tell);
    if (now !== told) page?.postMessage(message, site);
    told = now;
  }
  if (view.wants_ticket && !ticketAsked) {
    if (site === null) greet();
    else page?.postMessage({ kaika: "ticket-wanted" }, site);
    awaitPage();
  }
  ticketAsked = view.wants_ticket;
}

/** The first, empty message: whoever opened the window learns what the agent speaks, and nothing else. */
function greet() {
  page?.postMessage({ kaika: "window", version: 1, protocol: Number(main.dataset.protocol) }, "*");
}

function awaitPage() {
  clearTimeout(answerTimer);
  // A page that is closed will not answer at all.
  answerTimer = setTimeout(() => pass("no-ticket", { origin: null }), page && !page.closed ? ANSWER_MS : 0);
}

/** @param {MessageEvent<unknown>} event */
function hear(event) {
  const { data, origin } = event;
  if (event.source !== page || (site !== null && origin !== site)) return;
  if (typeof data !== "object" || data === null) return;
  /** @type {(name: string) => string} */
  const said = (name) => String(Object(data)[name] ?? "");
  const kind = said("kaika");
  if (kind === "job") {
    site = origin;
    clearTimeout(answerTimer);
    pass("begin", { origin, kind: said("kind"), authority: said("authority"), ticket: said("ticket") });
  } else if (kind === "no-ticket") {
    site = origin;
    clearTimeout(answerTimer);
    pass("no-ticket", { origin, message: said("message"), next_step: said("next_step") });
  }
}

// The person

/**
 * Whether the button may be pressed already.
 * @param {Element | null} button
 */
function ready(button) {
  if (!button?.hasAttribute("data-guarded") || inFocus) return true;
  announcement.textContent = main.dataset.notInFocus ?? "";
  return false;
}

function applyFocusGuard() {
  for (const button of box.querySelectorAll("[data-guarded]")) {
    if (inFocus) button.removeAttribute("aria-disabled");
    else button.setAttribute("aria-disabled", "true");
  }
}

/** Two looks in a row: a focus of which no event tells, or whose event came too early, is seen by the next. */
function watchFocus() {
  clearTimeout(focusTimer);
  inFocus = false;
  applyFocusGuard();
  const had = document.hasFocus();
  focusTimer = setTimeout(() => {
    if (!had || !document.hasFocus()) {
      watchFocus();
      return;
    }
    inFocus = true;
    applyFocusGuard();
  }, FOCUS_MS);
}

/** @param {HTMLElement} button */
function toggle(button) {
  const field = document.getElementById(button.dataset.field ?? "");
  if (!(field instanceof HTMLInputElement)) return;
  const shown = field.type === "password";
  field.type = shown ? "text" : "password";
  const word = button.querySelector("span");
  if (word) word.textContent = (shown ? button.dataset.shown : button.dataset.hidden) ?? "";
}

box.addEventListener("click", (event) => {
  const button = event.target instanceof Element ? event.target.closest("button") : null;
  if (!button || !ready(button)) return;
  switch (button.dataset.action) {
    case "choose":
      act("choose", { card: button.dataset.card ?? null });
      break;
    case "again":
      act("again", {});
      break;
    case "give-up":
      act("give-up", {});
      break;
    case "show":
      toggle(button);
      break;
    case "close":
      window.close();
      break;
  }
});

box.addEventListener("submit", (event) => {
  event.preventDefault();
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || !ready(form.querySelector("[type=submit]"))) return;
  const filled = { typed: Object.fromEntries(typed()) };
  if (form.dataset.action === "type") act("type", filled);
  else act("run", { card: form.dataset.card, ...filled });
});

window.addEventListener("focus", watchFocus);
window.addEventListener("blur", watchFocus);
watchFocus();

if (page) {
  window.addEventListener("message", hear);
  greet();
  awaitPage();
} else {
  showFixed("no-opener");
}
