/* New work, told on whichever page of the console is open: once, in one of the person's tabs. Which position has been
   told is kept for all tabs of this browser, so that nothing is told twice and nothing is lost between two pages. */
import { onChange } from "./live.js";

const LEAVES_MS = 6000;
const SHOWN_MAX = 4;
const UNDO_MS = 20000;
const UNDO_SURE_MS = 1500; /* one's own move is told too, a moment later */
const SETTLE_MS = 60;
const began = Date.now();
const place = document.getElementById("news");
const TOLD = `anlan.told.${place.dataset.account}`;
const CLAIM = "anlan.claim";
let upTo = 0;

const kept = () => Number(localStorage.getItem(TOLD));
const pause = (ms) => new Promise((done) => setTimeout(done, ms));
/* Locks need https; elsewhere the tab that claims last tells. */
const alone = (work) => (navigator.locks ? navigator.locks.request(CLAIM, work) : claimed(work));

async function claimed(work) {
  const mine = `${Math.random()}`;
  localStorage.setItem(CLAIM, mine);
  await pause(SETTLE_MS);
  if (localStorage.getItem(CLAIM) === mine) await work();
}

/* What is new after what was told, up to what this page knows of. */
async function look() {
  const from = kept();
  if (document.hidden || from >= upTo) return;
  localStorage.setItem(TOLD, upTo);
  const to = upTo;
  try {
    const answer = await fetch(`/news?after=${from}&to=${to}`);
    if (!answer.ok || answer.redirected) throw new TypeError(answer.statusText);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    page.querySelectorAll(".toast").forEach((toast) => add(toast));
  } catch (error) {
    if (kept() === to) localStorage.setItem(TOLD, from);
    if (!(error instanceof TypeError)) throw error;
  }
}

/* The latest word on a matter takes the place of the one before; more than fit become one that counts them. */
function add(toast) {
  const href = toast.querySelector("a").getAttribute("href");
  const told = [...place.querySelectorAll(".toast:not(#undo)")];
  told.filter((one) => !one.dataset.n && one.querySelector("a").getAttribute("href") === href).forEach((one) => one.remove());
  const rest = told.filter((one) => one.isConnected);
  if (rest.length >= SHOWN_MAX) {
    const several = document.createElement("div");
    const n = [...rest, toast].reduce((sum, one) => sum + Number(one.dataset.n ?? 1), 0);
    several.className = `toast${[...rest, toast].some((one) => one.classList.contains("stays")) ? " stays" : ""}`;
    several.dataset.n = n;
    several.append(Object.assign(document.createElement("a"), { href: "/queue", textContent: place.dataset.many.replace("{n}", n) }));
    rest.forEach((one) => one.remove());
    show(several);
  } else show(toast);
}

/* It leaves by itself unless it needs a person; never while somebody is on it. */
function show(toast, leaves = LEAVES_MS) {
  const shut = Object.assign(document.createElement("button"), { type: "button", className: "btn quiet", textContent: place.dataset.shut });
  let timer = 0;
  const leave = () => {
    clearTimeout(timer);
    toast.remove();
  };
  const wait = () => clearTimeout(timer);
  const count = () => {
    wait();
    if (!toast.classList.contains("stays") && !toast.matches(":hover") && !toast.contains(document.activeElement)) timer = setTimeout(leave, leaves);
  };
  shut.addEventListener("click", leave);
  toast.append(shut);
  for (const on of ["pointerenter", "focusin"]) toast.addEventListener(on, wait);
  for (const off of ["pointerleave", "focusout"]) toast.addEventListener(off, () => setTimeout(count, 0));
  place.append(toast);
  count();
}

/* The offer to take the last move back leaves like the rest, and at once when somebody else acts on the matter. */
const undo = document.getElementById("undo");
if (undo) show(undo, UNDO_MS);
onChange(({ matters }) => {
  if (undo && matters.includes(Number(undo.dataset.number)) && Date.now() - began > UNDO_SURE_MS) undo.remove();
});

function hear(pos) {
  upTo = Math.max(upTo, pos);
  alone(look).catch(console.warn);
}

const now = Number(place.dataset.pos);
if (!localStorage.getItem(TOLD) || kept() > now) localStorage.setItem(TOLD, now);
hear(now);
onChange(({ pos, news, everything }) => {
  if (news.length || everything) hear(pos);
});
document.addEventListener("visibilitychange", () => hear(upTo));
