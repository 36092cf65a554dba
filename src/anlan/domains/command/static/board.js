/* The dispatch screen kept true while it is open: clocks run, the list and the unit board are renewed as things happen,
   the decision only when nobody is in it. j k go through incidents, 1 to 8 choose a unit, Enter sends. */
import { draw } from "./board_map.js";

const main = document.querySelector("main.command");
const RETRY_MS = 3000;
const parse = (text) => new DOMParser().parseFromString(text, "text/html");
const two = (n) => String(n).padStart(2, "0");
let skew = 0;
let map = null; /* until it is drawn, and where it cannot be */
let pos = Number(main.dataset.pos);
let expired = false;

async function page(address) {
  const answer = await fetch(address);
  if (answer.redirected && new URL(answer.url).pathname === "/login") expired = true;
  if (!answer.ok || answer.redirected) throw new TypeError(answer.statusText);
  return parse(await answer.text());
}

function tick() {
  const now = Date.now() + skew;
  for (const clock of document.querySelectorAll("[data-since], [data-until]")) {
    const ms = clock.dataset.since ? now - Number(clock.dataset.since) : Number(clock.dataset.until) - now;
    const seconds = Math.floor(Math.abs(ms) / 1000);
    const rest = `${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
    clock.textContent = (ms < 0 ? "−" : "") + (seconds >= 3600 ? `${Math.floor(seconds / 3600)}:${rest}` : rest);
    if (clock.dataset.until && ms < 0) clock.parentElement.classList.add("t-late");
  }
}

/* What is renewed keeps the place where the person is: scroll and focus stay. */
function swap(id, fresh) {
  const [old, now] = [document.getElementById(id), fresh.getElementById(id)];
  if (!old || !now || old.contains(document.activeElement)) return;
  const top = old.scrollTop;
  old.replaceChildren(...now.childNodes);
  old.scrollTop = top;
}

const incident = () => document.querySelector(".inc[aria-current]")?.dataset.number ?? "";
const touched = () => document.querySelector("#card .rank.by-hand, #card details.why[open], #card :focus");

async function renew(numbers) {
  const number = incident();
  swap("calls", await page(`/command/calls?incident=${number}`).then((fresh) => { swap("board", fresh); return fresh; }));
  if (!number) await first();
  else if (numbers.includes(Number(number.replaceAll("-", "")))) await look(number);
  else if (!touched()) await rank(number);
  tick();
}

async function first() {
  const next = document.querySelector(".inc");
  if (next) location.assign(next.getAttribute("href"));
}

/* Who could be there when changes with every unit; the incident itself is looked at again only when it changed, because
   every look is on the record. */
async function rank(number) {
  const [old, fresh] = [document.getElementById("ranking"), (await page(`/command/${number}/rank`)).getElementById("ranking")];
  if (old && fresh && !old.contains(document.activeElement)) old.replaceWith(fresh);
  choose();
}

async function look(number) {
  if (document.querySelector("#card details.why[open]")) return;
  const fresh = await page(`/command/${number}/card`);
  const card = document.getElementById("card");
  const top = card.scrollTop;
  card.replaceChildren(...fresh.body.childNodes);
  card.scrollTop = top;
  choose();
  map?.choose();
}

let asked = new Set();
let busy = false;
async function ask(numbers) {
  numbers.forEach((n) => asked.add(n));
  if (busy || document.hidden) return;
  busy = true;
  while (asked.size) {
    const some = [...asked];
    asked = new Set();
    try {
      await renew(some);
      map?.refresh();
    } catch (error) {
      if (expired) location.reload();
      if (!(error instanceof TypeError)) throw error;
      break;
    }
  }
  busy = false;
}

function listen() {
  const source = new EventSource(`/command/live?after=${pos}`);
  source.addEventListener("facts", (event) => {
    const changed = JSON.parse(event.data);
    pos = changed.pos;
    if (changed.everything || changed.matters.length) ask(changed.matters.length ? changed.matters : [0]);
  });
  source.addEventListener("error", () => {
    if (source.readyState === EventSource.CLOSED) setTimeout(listen, RETRY_MS);
  });
  addEventListener("pagehide", () => source.close(), { once: true });
}

/* The button says whom it sends; another choice than the recommended opens the question why. */
function choose(by) {
  const rows = [...document.querySelectorAll("#card .rank")];
  const on = rows.filter((row) => row.querySelector("input").checked);
  rows.forEach((row) => row.classList.toggle("on", on.includes(row)));
  by?.classList.add("by-hand");
  const button = document.getElementById("send");
  if (!button) return;
  const names = on.map((row) => row.dataset.sign).join("、");
  button.firstElementChild.textContent = names ? button.dataset.words.replace("{units}", names) : button.dataset.none;
  button.disabled = !on.length;
  const other = on.some((row) => !("recommended" in row.querySelector("input").dataset));
  if (other) document.querySelector("#card details.why").open = true;
  map?.choose();
}

/* One press takes a unit instead of the others; with Ctrl or Shift, or a second press on it, it is beside them. */
document.addEventListener("click", (event) => {
  const row = event.target.closest("#card .rank");
  if (!row || event.target.matches("input")) return;
  event.preventDefault();
  const box = row.querySelector("input");
  if (!(event.ctrlKey || event.shiftKey || event.metaKey || box.checked)) document.querySelectorAll("#card .rank input").forEach((one) => { one.checked = false; });
  box.checked = !box.checked;
  choose(row);
});
document.addEventListener("change", (event) => {
  if (event.target.matches("#card .rank input")) choose(event.target.closest(".rank"));
});

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing || event.target.closest("input:not([type=checkbox]), textarea, select")) return;
  if (event.key === "j" || event.key === "k") {
    const rows = [...document.querySelectorAll(".inc")];
    const at = rows.findIndex((row) => row.hasAttribute("aria-current"));
    rows[Math.min(Math.max(at + (event.key === "j" ? 1 : -1), 0), rows.length - 1)]?.click();
  } else if (event.key >= "1" && event.key <= "8") document.querySelectorAll("#card .rank")[Number(event.key) - 1]?.click();
  else if (event.key === "Enter" && !event.target.closest("a, button, summary")) document.getElementById("send")?.click();
});

setInterval(tick, 1000);
choose();
listen();
draw(document.getElementById("map"), incident).then((made) => {
  map = made;
  skew = made?.skew ?? 0;
  map?.choose();
}).catch(console.warn);
document.addEventListener("visibilitychange", () => ask([]));
