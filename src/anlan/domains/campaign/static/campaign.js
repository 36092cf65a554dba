/* The roll-up kept true while the page is open; never while somebody is in it. */
const EVERY_MS = 10000;

setInterval(async () => {
  const old = document.getElementById("rollup");
  if (document.hidden || !old || old.contains(document.activeElement)) return;
  const address = new URL(location.href);
  address.searchParams.delete("plan");
  const answer = await fetch(address).catch(() => null);
  if (!answer?.ok || answer.redirected) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("rollup");
  if (fresh && !old.contains(document.activeElement)) old.replaceChildren(...fresh.childNodes);
}, EVERY_MS);
