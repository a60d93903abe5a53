// @ts-check
// Shows the tray anew as soon as a card comes or goes.

const shown = Number(document.getElementById("tray-script")?.dataset.changes);

async function follow() {
  for (;;) {
    try {
      const answer = await fetch(`/changes?since=${shown}`);
      if (!answer.ok) return;
      const { changes } = await answer.json();
      if (changes !== shown) {
        location.replace(location.href);
        return;
      }
    } catch {
      // The agent has stopped: the page stays as it is.
      return;
    }
  }
}

follow();
