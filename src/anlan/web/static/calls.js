/* A call at one's own place: told on whichever page of the console is open, for as long as it rings or is spoken. */
import { onChange } from "./live.js";

const place = document.getElementById("news");

async function look() {
  const answer = await fetch("/calls/now");
  if (!answer.ok || answer.redirected) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const [old, now] = [document.getElementById("call"), page.getElementById("call")];
  if (!now) old?.remove();
  else if (!old) place.append(now);
  else if (old.textContent !== now.textContent) old.replaceWith(now);
}

/* The page on which the call is taken says it already. */
if (!document.getElementById("caller")) {
  look().catch(console.warn);
  onChange(({ call, everything }) => {
    if (call || everything) look().catch(console.warn);
  });
}
