/* The list kept true while it is open. Counts change by themselves; rows wait at the top until they are let in, so that
   nothing moves under the pointer. A matter that somebody else changed says so and loses no word that was typed; its own
   page is never fetched again by itself, because every look at a matter is on the record. */
import { onChange } from "./live.js";

const GAP_MS = 1500;
const bar = document.getElementById("fresh");
const article = document.getElementById("matter");
let waiting = null;
let asked = 0;
let due = 0;

const numberIn = (path) => path.split("/")[2]?.split("?")[0];
const rows = (root) => new Map([...root.querySelectorAll("#queue .row")].map((row) => [numberIn(row.getAttribute("href")), row]));

async function look() {
  due = 0;
  asked = Date.now();
  const answer = await fetch(article ? `/queue${location.search}` : location.href);
  if (!answer.ok || answer.redirected) return;
  waiting = new DOMParser().parseFromString(await answer.text(), "text/html");
  put(".rail ul");
  put(".filters .chips");
  const [old, now] = [rows(document), rows(waiting)];
  const changed = [...now].filter(([key, row]) => old.get(key)?.textContent !== row.textContent).length;
  const gone = [...old.keys()].filter((key) => !now.has(key)).length;
  bar.hidden = !(changed || gone);
  bar.querySelector("button").textContent = bar.dataset.words.replace("{n}", changed + gone);
}

/* Replace parts whose words differ, unless somebody is in them. */
function put(selector) {
  const fresh = waiting.querySelectorAll(selector);
  document.querySelectorAll(selector).forEach((part, i) => {
    const other = fresh[i];
    if (other && other.textContent !== part.textContent && !part.contains(document.activeElement)) part.replaceWith(other);
  });
}

function letIn() {
  const list = waiting?.querySelector(".list");
  if (list) document.querySelector(".list .queue").replaceWith(list.querySelector(".queue"));
  rows(document).get(numberIn(location.pathname))?.setAttribute("aria-current", "true");
  bar.hidden = true;
}

function soon() {
  if (!due) due = setTimeout(() => look().catch(() => {}), Math.max(0, asked + GAP_MS - Date.now()));
}

if (bar) {
  bar.querySelector("button").addEventListener("click", letIn);
  onChange(soon);
}
if (article?.dataset.number) {
  const note = document.getElementById("changed");
  onChange(({ matters, everything }) => {
    if (note && (everything || matters.includes(Number(article.dataset.number)))) note.hidden = false;
  });
}
