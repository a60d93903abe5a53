// @ts-check
// The card tray: cards can be dragged, and the page follows what happens at the readers without losing its place. Its
// forms work without it.

/** @param {string} id */
function byId(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`no element ${id}`);
  return found;
}

/** For so long to wait before an agent that did not answer is asked again. */
const RETRY_MS = 3_000;

const said = byId("said");
/**
 * The card in the air, and the reader that it is from.
 * @type {{card: string, from: string | null} | null}
 */
let dragged = null;
let working = false;

/** @param {string | null} words */
function say(words) {
  said.hidden = words === null;
  said.textContent = words;
}

/** @param {string} html the whole page */
function replace(html) {
  const fresh = new DOMParser().parseFromString(html, "text/html").getElementById("board");
  if (!fresh || dragged) return;
  const board = byId("board");
  const typed = new Map(Array.from(board.querySelectorAll("select, input[type=number], input[type=checkbox]"), (field) => [field.id, field]));
  const unfolded = board.querySelector("#odd[open]") !== null;
  const focused = document.activeElement?.id ?? "";
  const card = document.activeElement?.closest("li")?.querySelector("[data-card]")?.getAttribute("data-card");
  board.replaceWith(document.adoptNode(fresh));
  for (const [id, old] of typed) {
    const field = document.getElementById(id);
    if (field instanceof HTMLInputElement && old instanceof HTMLInputElement) {
      field.value = old.value;
      field.checked = old.checked;
    }
    if (field instanceof HTMLSelectElement && old instanceof HTMLSelectElement) field.value = old.value;
  }
  if (unfolded) document.getElementById("odd")?.setAttribute("open", "");
  if (!focused) return;
  // The button goes with its card, and another one comes in its place.
  const cards = Array.from(document.querySelectorAll("[data-card]"));
  const moved = cards.find((one) => one.getAttribute("data-card") === card);
  const next = document.getElementById(focused) ?? moved?.closest("li")?.querySelector("button");
  if (next instanceof HTMLElement) next.focus();
}

async function refresh() {
  const answer = await fetch(location.href);
  if (answer.ok) replace(await answer.text());
}

/**
 * Sends one of the page's forms, and shows the page that comes back.
 * @param {string} path
 * @param {[string, string][]} fields
 */
async function send(path, fields) {
  if (working) return;
  working = true;
  const board = byId("board");
  const body = new URLSearchParams(fields);
  body.set("token", board.dataset.token ?? "");
  body.set("lang", board.dataset.lang ?? "");
  try {
    const answer = await fetch(path, { method: "POST", body });
    if (answer.ok) {
      say(null);
      replace(await answer.text());
      return;
    }
    const { error } = await answer.json();
    say(`${said.dataset.refused} ${error.message} ${error.next_step}`);
    // The form's token is used up.
    await refresh();
  } catch {
    say(said.dataset.gone ?? null);
  } finally {
    working = false;
  }
}

/** Keys are pressed faster than the agent answers: each waits for the one before. */
let typing = Promise.resolve();

/**
 * @param {HTMLElement} keypad
 * @param {string} key
 */
function press(keypad, key) {
  const reader = keypad.querySelector("input[name=reader]");
  if (!(reader instanceof HTMLInputElement)) return;
  const name = reader.value;
  typing = typing.then(async () => {
    // A form that is under way brings the page's next token.
    while (working) await new Promise((done) => setTimeout(done, 20));
    await send("/tray/key", [["reader", name], ["key", key]]);
  });
}

/** @type {Record<string, string>} */
const KEYS = { Enter: "enter", Escape: "cancel", Backspace: "clear", Delete: "clear" };

document.addEventListener("keydown", (event) => {
  const keypad = event.target instanceof Element ? event.target.closest("[data-keypad]") : null;
  if (!(keypad instanceof HTMLElement) || event.ctrlKey || event.altKey || event.metaKey) return;
  const key = /^[0-9]$/.test(event.key) ? event.key : KEYS[event.key];
  if (key === undefined) return;
  event.preventDefault();
  press(keypad, key);
});

async function follow() {
  for (;;) {
    const shown = byId("board").dataset.changes;
    try {
      const answer = await fetch(`/changes?since=${shown}`);
      const { changes } = await answer.json();
      // While a form is under way its answer brings the new page.
      if (String(changes) !== byId("board").dataset.changes && !working && !dragged) await refresh();
      if (!said.hidden && said.textContent === said.dataset.gone) {
        // The agent may be another one, which knows nothing of this page's forms.
        await refresh();
        say(null);
      }
    } catch {
      say(said.dataset.gone ?? null);
      await new Promise((done) => setTimeout(done, RETRY_MS));
    }
    // A card in the air, or a form under way, is waited for.
    while (dragged || working) await new Promise((done) => setTimeout(done, 100));
  }
}

/**
 * Where a card may be dropped.
 * @param {EventTarget | null} target
 * @returns {HTMLElement | null}
 */
function place(target) {
  const found = target instanceof Element ? target.closest("[data-reader], [data-desk]") : null;
  return found instanceof HTMLElement ? found : null;
}

/** @param {HTMLElement | null} over */
function light(over) {
  for (const lit of document.querySelectorAll(".lit")) if (lit !== over) lit.classList.remove("lit");
  over?.classList.add("lit");
}

document.addEventListener("dragstart", (event) => {
  const card = event.target instanceof Element ? event.target.closest("[data-card]") : null;
  if (!(card instanceof HTMLElement) || !event.dataTransfer) return;
  dragged = { card: card.dataset.card ?? "", from: card.dataset.from ?? null };
  event.dataTransfer.effectAllowed = "move";
  event.dataTransfer.setData("text/plain", dragged.card);
  card.classList.add("in-the-air");
});

document.addEventListener("dragover", (event) => {
  const over = dragged ? place(event.target) : null;
  light(over);
  if (over) event.preventDefault();
});

document.addEventListener("drop", (event) => {
  const over = place(event.target);
  if (!dragged || !over) return;
  event.preventDefault();
  const { card, from } = dragged;
  dragged = null;
  light(null);
  const reader = over.dataset.reader;
  if (reader !== undefined) {
    if (reader !== from) send("/tray/insert", [["card", card], ["reader", reader]]);
  } else if (from !== null) {
    send("/tray/remove", [["reader", from]]);
  }
});

document.addEventListener("dragend", () => {
  dragged = null;
  light(null);
  for (const card of document.querySelectorAll(".in-the-air")) card.classList.remove("in-the-air");
});

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!(form instanceof HTMLFormElement)) return;
  event.preventDefault();
  if (event.submitter instanceof HTMLButtonElement && form.matches("[data-keypad]")) {
    press(form, event.submitter.value);
    return;
  }
  /** @type {[string, string][]} */
  const fields = Array.from(new FormData(form), ([name, value]) => [name, String(value)]);
  // What was typed on a keypad comes first.
  typing.then(() => send(new URL(form.action).pathname, fields));
});

follow();
