// @ts-check
// The agent's own page: opens the card window for what needs no website.

/** @type {Window | null} */
let child = null;

for (const button of document.querySelectorAll("[data-job]")) {
  button.addEventListener("click", () => {
    const address = `/card?lang=${document.documentElement.lang}`;
    child = window.open(address, "kaika-card", "popup,width=560,height=780");
    const blocked = document.getElementById("blocked");
    if (blocked) blocked.hidden = child !== null;
  });
}

addEventListener("message", (event) => {
  if (!child || event.source !== child || event.origin !== location.origin) return;
  if (event.data?.kaika !== "window") return;
  const kind = /** @type {HTMLElement | null} */ (document.querySelector("[data-job]"))?.dataset.job;
  child.postMessage({ kaika: "job", kind, authority: "", ticket: "" }, location.origin);
});
