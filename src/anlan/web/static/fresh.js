/* The list kept true while it is open. A row that changed is renewed where it stands; rows that come or go wait at the
   top until they are let in, so that nothing moves under the pointer; counts follow more slowly. A matter that somebody
   else changed says so and loses no word that was typed; its own page is never fetched again by itself, because every
   look at a matter is on the record. */
import { onChange } from "./live.js";

const COUNTS_MS = 5000;
const NAMED_MAX = 50;
const bar = document.getElementById("fresh");
const article = document.getElementById("matter");
const filters = () => new URLSearchParams(location.search);
const numberIn = (path) => path.split("/")[2]?.split("?")[0];
const plain = (number) => number.replaceAll("-", "");
const rows = (root) => new Map([...root.querySelectorAll(".row")].map((row) => [plain(numberIn(row.getAttribute("href"))), row]));
const wanted = new Set();
const waiting = new Set();
let asking = false;
let missed = false;
let expired = false;
let counting = 0;

async function page(address) {
  const answer = await fetch(address);
  if (answer.redirected && new URL(answer.url).pathname === "/login") expired = true;
  if (!answer.ok || answer.redirected) throw new TypeError(answer.statusText);
  return new DOMParser().parseFromString(await answer.text(), "text/html");
}

/* Ask for the matters named so far, one request at a time; what cannot be named is told at the top. */
async function renew() {
  if (asking || !wanted.size || document.hidden) return;
  asking = true;
  const numbers = [...wanted].slice(0, NAMED_MAX);
  numbers.forEach((number) => wanted.delete(number));
  const query = filters();
  numbers.forEach((number) => query.append("number", number));
  try {
    put(numbers, rows(await page(`/queue/rows?${query}`)));
  } catch {
    numbers.forEach((number) => waiting.add(number));
  }
  asking = false;
  say();
  renew();
}

function put(numbers, now) {
  const old = rows(document.getElementById("queue") ?? bar);
  for (const number of numbers) {
    const [row, fresh] = [old.get(number), now.get(number)];
    if (row && fresh) {
      row.className = fresh.className;
      row.replaceChildren(...fresh.childNodes);
      waiting.delete(number);
    } else if (row || fresh) {
      row?.classList.add("gone");
      waiting.add(number);
    } else waiting.delete(number);
  }
}

function say() {
  bar.hidden = !(waiting.size || missed || expired);
  bar.querySelector("button").textContent = expired ? bar.dataset.expired : missed ? bar.dataset.missed : bar.dataset.words.replace("{n}", waiting.size);
}

async function letIn() {
  if (expired) return location.reload();
  const fresh = await page(article ? `/queue${location.search}` : location.href);
  const list = fresh.querySelector(".list .queue");
  if (!list) return;
  document.querySelector(".list .queue").replaceWith(list);
  rows(document).get(plain(numberIn(location.pathname) ?? ""))?.setAttribute("aria-current", "true");
  waiting.clear();
  missed = false;
  say();
  count();
}

/* The rail's and the views' counts, unless somebody is in them. */
async function count() {
  clearTimeout(counting);
  counting = -1;
  try {
    const fresh = await page(`/queue/counts?${filters()}`);
    for (const id of location.pathname === "/map" ? ["rail-groups"] : ["rail-groups", "views"]) {
      const [old, now] = [document.getElementById(id), fresh.getElementById(id)];
      if (id === "rail-groups") now?.querySelector(`[href="${old.querySelector("[aria-current]")?.getAttribute("href")}"]`)?.setAttribute("aria-current", "page");
      if (old && now && old.textContent !== now.textContent && !old.contains(document.activeElement)) old.replaceWith(now);
    }
  } finally {
    counting = 0;
  }
}

function countSoon() {
  if (!counting && !document.hidden) counting = setTimeout(() => count().catch(() => {}), COUNTS_MS * (0.5 + Math.random()));
}

function changed({ matters, everything }) {
  if (everything || wanted.size + matters.length > 4 * NAMED_MAX) missed = true;
  else matters.forEach((number) => wanted.add(String(number)));
  say();
  renew();
  countSoon();
}

if (bar) {
  bar.querySelector("button").addEventListener("click", () => letIn().catch(() => {}));
  onChange(changed);
  document.addEventListener("visibilitychange", () => {
    renew();
    countSoon();
  });
}
if (article?.dataset.number) {
  const note = document.getElementById("changed");
  onChange(({ matters, everything }) => {
    if (note && (everything || matters.includes(Number(article.dataset.number)))) note.hidden = false;
  });
}
