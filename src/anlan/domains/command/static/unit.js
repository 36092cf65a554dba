/* The unit page with scripts: each press is kept on the telephone, then told in order; the page follows what others do.
   Without a network it shows what was pressed and that it waits; what was refused is shown until it is read. */
import * as queue from "./unit_queue.js";

const LOOK_MS = 3000;
const FIX_MS = 5000;
const BUMPS = new Set(["set_out", "arrive", "clear", "decline", "well", "state"]);
const said = document.getElementById("unit-said");
const line = document.getElementById("unit-line");
const two = (n) => String(n).padStart(2, "0");
const main = () => document.getElementById("main");
const account = main().dataset.account;
const token = () => document.querySelector("[name=_csrf_token]")?.value ?? "";
const clock = (at) => new Date(at + 8 * 3600 * 1000).toISOString().slice(11, 16); // the city's, not the telephone's
const now = () => Date.now() + Number(localStorage.getItem("unit.skew") ?? 0);
let seen = Number(main().dataset.version);
let expired = false;

function notice(tone, text, ...more) {
  const box = document.createElement("div");
  box.className = `notice ${tone}`;
  const words = document.createElement("div");
  words.append(Object.assign(document.createElement("b"), { textContent: text }), ...more);
  box.append(words);
  return box;
}

/* What waits, what was refused, and the buttons as they are with what waits. */
async function show() {
  const deeds = await queue.every(account);
  const waiting = deeds.filter((deed) => !deed.refused);
  const boxes = deeds.filter((deed) => deed.refused).map((deed) => {
    const read = Object.assign(document.createElement("button"), { className: "btn quiet", textContent: said.dataset.seen });
    read.addEventListener("click", () => queue.drop(deed.id).then(show));
    const why = Object.assign(document.createElement("p"), { textContent: deed.refused });
    return notice("late", said.dataset.refused.replace("{what}", `${deed.words} ${clock(deed.at)}`), why, read);
  });
  if (expired) {
    const link = document.createElement("a");
    [link.href, link.textContent] = ["/login?next=/unit", said.dataset.login];
    boxes.push(notice("soon", said.dataset.expired, link));
  } else if (waiting.length) boxes.push(notice("soon", said.dataset.waits.replace("{n}", waiting.length).replace("{what}", waiting.map((deed) => `${deed.words} ${clock(deed.at)}`).join("、"))));
  said.replaceChildren(...boxes);
  line.textContent = navigator.onLine ? line.dataset.on : line.dataset.off;
  line.classList.toggle("late", !navigator.onLine);
  overlay(waiting);
}

function overlay(waiting) {
  const steps = [...document.querySelectorAll(".steps .btn")];
  const matter = main().dataset.matter;
  const told = waiting.filter((deed) => String(deed.matter) === matter);
  const furthest = Math.max(-1, ...told.map((deed) => steps.findIndex((step) => step.value === deed.deed)));
  steps.forEach((step, n) => {
    const deed = told.find((one) => one.deed === step.value);
    if (deed) step.lastElementChild.textContent = main().dataset.late.replace("{clock}", clock(deed.at));
    if (furthest >= 0) {
      step.disabled = n <= furthest || (step.value === "clear" && furthest < 1);
      step.classList.toggle("main", n === furthest + 1);
    }
  });
}

async function renew() {
  const answer = await fetch("/unit").catch(() => null);
  if (!answer) return;
  if (answer.redirected) expired = true;
  else {
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("main");
    const typed = document.getElementById("note")?.value;
    const same = fresh.dataset.matter === main().dataset.matter;
    document.querySelector(".phone > header h1").textContent = fresh.ownerDocument.querySelector(".phone > header h1").textContent;
    main().replaceWith(document.adoptNode(fresh));
    if (typed && same && document.getElementById("note")) document.getElementById("note").value = typed;
    seen = Number(main().dataset.version);
    sharing();
  }
}

let flushing = false;
async function flush() {
  if (flushing) return;
  flushing = true;
  let told = 0;
  try {
    for (const deed of await queue.every(account)) {
      if (deed.refused) continue;
      let came = await queue.send(deed, token());
      if (came.came === "token") {
        await renew();
        came = await queue.send(deed, token());
      }
      expired = came.came === "login";
      if (came.came !== "done" && came.came !== "refused") break;
      told += 1;
      if (came.came === "refused") await queue.put({ ...deed, refused: came.words, photos: [] });
      else {
        await queue.drop(deed.id);
        if (came.versions.was === seen) seen = came.versions.version;
      }
    }
  } finally {
    flushing = false;
  }
  if (told) await renew();
  await show();
  if (told && (await queue.every(account)).some((deed) => !deed.refused)) await flush();
}

/* Off duty without a network: what stays on the telephone is an empty page, and what waits to be told. */
async function forget() {
  const blank = document.createElement("p");
  blank.className = "pad head";
  blank.textContent = said.dataset.off;
  for (const name of ["matter", "known"]) main().dataset[name] = 0;
  const keep = token();
  main().replaceChildren(blank, Object.assign(document.createElement("input"), { type: "hidden", name: "_csrf_token", value: keep }));
  blank.nextElementSibling.setAttribute("value", keep);
  if (!("caches" in globalThis)) return;
  const cache = await caches.open("anlan-unit");
  const kept = await cache.match("/unit");
  const page = document.documentElement.cloneNode(true);
  page.querySelector("#unit-said").replaceChildren();
  if (kept) await cache.put("/unit", new Response(`<!doctype html>${page.outerHTML}`, { headers: kept.headers }));
}

async function press(form, button) {
  const typed = new FormData(form, button);
  const deed = { account, key: queue.newKey(), at: now() };
  for (const name of ["deed", "state", "note"]) if (typed.get(name)) deed[name] = typed.get(name);
  if (typed.get("matter")) deed.matter = typed.get("matter");
  deed.photos = typed.getAll("photos").filter((photo) => photo.size);
  deed.words = button?.firstElementChild?.textContent || button?.textContent || deed.deed;
  const waiting = (await queue.every(account)).filter((one) => !one.refused && BUMPS.has(one.deed));
  if (deed.deed === "state") deed.version = seen + waiting.length;
  await queue.add(deed);
  form.reset();
  await show();
  await flush();
  const left = (await queue.every(account)).some((one) => one.key === deed.key && !one.refused);
  if (deed.state === "off" && left) await forget();
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.matches(".js-deed")) {
    event.preventDefault();
    press(form, event.submitter);
  } else if (form.id === "unit-out" && !form.dataset.empty) {
    event.preventDefault();
    queue.every(account).then((deeds) => {
      if (deeds.some((deed) => !deed.refused)) said.append(notice("late", said.dataset.first));
      else {
        form.dataset.empty = "yes";
        Promise.all([caches?.delete("anlan-unit"), ...deeds.map((deed) => queue.drop(deed.id))]).then(() => form.submit());
      }
    });
  }
});

async function look() {
  if (document.hidden) return;
  const answer = await fetch("/unit/now").catch(() => null);
  if (!answer || (answer.status >= 500)) return;
  if (answer.redirected) {
    expired = true;
    await show();
    return;
  }
  const stands = await answer.json();
  localStorage.setItem("unit.skew", stands.at - Date.now());
  const held = main().dataset;
  if (String(stands.matter) !== held.matter || String(stands.known) !== held.known || stands.version !== Number(held.version)) {
    await renew();
    await show();
  }
  await flush();
}

/* Where the unit is, while it is on duty and its person shares it. An old place is of no use: it is not kept. */
let watch = 0;
let fixed = 0;
function sharing() {
  const button = document.getElementById("unit-share");
  const on = localStorage.getItem("unit.share") === "yes" && main().dataset.state && main().dataset.state !== "off";
  if (watch && !on) watch = navigator.geolocation.clearWatch(watch) ?? 0;
  if (!button || !navigator.geolocation) return;
  button.hidden = false;
  button.setAttribute("aria-pressed", String(Boolean(on)));
  button.textContent = on ? button.dataset.on : button.dataset.off;
  button.onclick = () => {
    localStorage.setItem("unit.share", on ? "no" : "yes");
    sharing();
  };
  if (on && !watch) watch = navigator.geolocation.watchPosition(tell, () => { document.getElementById("unit-share").textContent = button.dataset.failed; }, { enableHighAccuracy: true });
}

function tell({ coords, timestamp }) {
  if (Date.now() - fixed < FIX_MS) return;
  fixed = Date.now();
  const body = JSON.stringify({ lon: coords.longitude, lat: coords.latitude, at: Math.min(now(), Math.round(timestamp) + Number(localStorage.getItem("unit.skew") ?? 0)) });
  fetch("/unit/position", { method: "post", body, headers: { "Content-Type": "application/json", "x-csrftoken": token() } }).catch(() => {});
}

function tick() {
  for (const node of document.querySelectorAll("[data-since]")) {
    const seconds = Math.max(0, Math.floor((now() - Number(node.dataset.since)) / 1000));
    const rest = `${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
    node.textContent = seconds >= 3600 ? `${Math.floor(seconds / 3600)}:${rest}` : rest;
  }
}

async function keepPage() {
  if (!("serviceWorker" in navigator)) return;
  await navigator.serviceWorker.register("/unit/worker.js", { scope: "/unit" });
  const { active } = await navigator.serviceWorker.ready;
  const drawn = performance.getEntriesByType("resource").map((one) => one.name).filter((name) => new URL(name).pathname.startsWith("/static/"));
  active.postMessage(drawn);
  if (navigator.onLine) await renew();
  await show();
}

addEventListener("online", () => look());
addEventListener("offline", () => show());
document.addEventListener("visibilitychange", () => look());
setInterval(() => look(), LOOK_MS);
setInterval(tick, 1000);
sharing();
await show();
await look();
const keeping = () => keepPage().catch((error) => console.warn(error));
if (document.readyState === "complete") keeping();
else addEventListener("load", keeping);
