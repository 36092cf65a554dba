/* The wall: map and chart, and its words afresh whenever something changed, at the latest every half minute. */
import { drawDay } from "./day_chart.js";
import { drawMap, json, NotDrawn } from "./city_map.js";
import { onChange } from "./live.js";
import { onTheme, rem } from "./tokens.js";

const EVERY_MS = 30000;
const LEAST_MS = 4000;
const node = document.getElementById("map");
const hours = document.getElementById("hours");
const lost = document.getElementById("lost");
const drawn = { map: null, day: null, today: null };

/* The page again, as it is now: each part replaces the one of the same id. */
async function words() {
  const answer = await fetch(location.href);
  if (!answer.ok || answer.redirected) throw new NotDrawn(node.dataset.failed);
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const fresh of page.querySelectorAll("[id^=part-]")) {
    const old = document.getElementById(fresh.id);
    if (old && !old.isEqualNode(fresh) && !old.contains(document.activeElement)) old.replaceWith(document.adoptNode(fresh));
  }
}

async function figures() {
  drawn.today = await json(hours.dataset.address, node);
  drawn.day?.(drawn.today);
}

let busy = false;
let last = 0;
async function refresh() {
  if (busy) return;
  busy = true;
  try {
    await Promise.all([words(), figures(), drawn.map?.points()]);
    lost.hidden = true;
    last = Date.now();
  } catch (error) {
    const clock = document.getElementById("part-clock").textContent;
    lost.textContent = lost.dataset.words.replace("{clock}", clock);
    lost.hidden = false;
    if (!(error instanceof NotDrawn || error instanceof TypeError)) console.warn(error);
  } finally {
    busy = false;
  }
}

let waiting = 0;
function soon() {
  if (waiting) return;
  waiting = setTimeout(() => {
    waiting = 0;
    refresh();
  }, Math.max(0, last + LEAST_MS - Date.now()));
}

async function start() {
  try {
    drawn.day = await drawDay(hours);
    document.documentElement.classList.add("has-chart");
    await figures();
  } catch (error) {
    console.warn(error);
  }
  try {
    drawn.map = await drawMap(node, { text: rem(1.5) });
    document.getElementById("map-why").hidden = true;
    document.getElementById("legend").hidden = false;
    drawn.map.map.once("idle", () => { node.dataset.drawn = "yes"; });
    await drawn.map.points();
  } catch (error) {
    document.getElementById("map-why").firstElementChild.textContent = error instanceof NotDrawn ? error.message : node.dataset.failed;
  }
  onTheme(() => drawn.today && drawn.day?.(drawn.today));
  onChange(soon);
  setInterval(refresh, EVERY_MS);
}

start();
