// @ts-check
// Shows the page of a job anew as soon as the job is in another state than the page says.

const LOOK = 2000;
const shown = document.getElementById("unfinished")?.dataset.state;

async function follow() {
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, LOOK));
    try {
      const answer = await fetch(location.pathname, { headers: { accept: "application/json" }, cache: "no-store" });
      if (!answer.ok || (await answer.json()).state !== shown) return location.reload();
    } catch {
      // The server is out of reach for now.
    }
  }
}

if (shown) void follow();
