/* Keys, so that hands need not leave them: through the list, choose, open, act, go elsewhere; ? lists them all. Never
   while one types or composes (an input method sends keys too), and never with Ctrl, Alt or Meta. */
const GO_MS = 1500;
const root = document.documentElement;
const help = document.getElementById("keys");
const picked = document.getElementById("picked");
const typing = (node) => node.closest("input, textarea, select, [contenteditable]");
const rows = () => [...document.querySelectorAll("#queue .row")];
const here = () => document.activeElement.closest?.("#queue .row");
const numberOf = (row) => row.getAttribute("href").split(/[/?]/)[2].replaceAll("-", "");
let going = 0;

function step(by) {
  const all = rows();
  if (!all.length) return;
  const at = all.indexOf(here());
  const from = at >= 0 ? at : all.findIndex((row) => row.hasAttribute("aria-current"));
  all[Math.min(Math.max(from + by, 0), all.length - 1)].focus();
}

/* Choose the row for several at once; the bar says how many and where to go with them. */
function pick() {
  const row = here();
  if (!row || !picked) return;
  const mark = row.querySelector(".picked-mark");
  if (mark) mark.remove();
  else row.append(Object.assign(document.createElement("span"), { className: "vh picked-mark", textContent: picked.dataset.mark }));
  row.classList.toggle("picked", !mark);
  const numbers = rows().filter((one) => one.classList.contains("picked")).map(numberOf);
  picked.hidden = !numbers.length;
  const link = picked.querySelector("a");
  link.textContent = picked.dataset.words.replace("{n}", numbers.length);
  link.href = `${picked.dataset.href}${picked.dataset.href.includes("?") ? "&" : "?"}pick=${numbers.join(".")}`;
}

function act() {
  const form = document.querySelector("form.advice, .attempt");
  const first = form?.querySelector("input:not([type=hidden]), select, textarea, button") ?? document.querySelector("details.move > summary");
  first?.scrollIntoView({ block: "nearest" });
  first?.focus();
}

function back() {
  if (!location.pathname.startsWith("/matters/") && !location.pathname.startsWith("/callbacks/")) return;
  location.assign(location.pathname.startsWith("/callbacks/") ? "/callbacks" : `/queue${location.search}`);
}

/* After g, a letter names an entry of the rail; while it is awaited, the rail shows them. */
function go(on) {
  clearTimeout(going);
  root.classList.toggle("going", on);
  going = on ? setTimeout(() => go(false), GO_MS) : 0;
}

const actions = {
  j: () => step(1),
  k: () => step(-1),
  x: pick,
  b: () => picked && !picked.hidden && picked.querySelector("a").click(),
  a: act,
  u: () => document.querySelector("#undo form button")?.focus(),
  n: () => document.querySelector("#news .toast:last-child :is(a, button)")?.focus(),
  g: () => go(true),
  Escape: back,
  "/": () => document.getElementById("find")?.focus(),
  "?": () => help.showModal?.(),
};

document.addEventListener("keydown", (event) => {
  if (event.isComposing || event.keyCode === 229 || event.ctrlKey || event.metaKey || event.altKey || help.open) return;
  if (typing(event.target)) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  if (going) {
    const link = document.querySelector(`#rail-groups [data-key="${CSS.escape(event.key)}"]`);
    go(false);
    event.preventDefault();
    link?.click();
    return;
  }
  const arrow = here() && { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const action = arrow ? () => step(arrow) : actions[event.key];
  if (!action) return;
  if (event.key !== "Escape") event.preventDefault();
  action();
});
