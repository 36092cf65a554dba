/* The map's page: buttons, legend, the slider through past hours, and what changes while one looks. */
import { drawMap, NotDrawn } from "./city_map.js";
import { onChange } from "./live.js";
import { rem } from "./tokens.js";

const HOUR_MS = 3600 * 1000;
const PAUSE_MS = 250;
const AGAIN_MS = 3000;
const node = document.getElementById("map");
const here = (id) => document.getElementById(id);

function say(words) {
  const why = here("map-why");
  why.firstElementChild.textContent = words;
  why.hidden = !words;
}

function count({ placed, unplaced }) {
  const words = [node.dataset.placed.replace("{n}", placed)];
  if (unplaced) words.push(node.dataset.unplaced.replace("{n}", unplaced));
  here("map-sum").textContent = words.join(" · ");
}

/* One request at a time; what is asked for meanwhile is asked once more at the end. */
function steadily(work) {
  let busy = false;
  let again = false;
  return async function run() {
    if (busy) {
      again = true;
      return;
    }
    busy = true;
    await work();
    busy = false;
    if (again) {
      again = false;
      setTimeout(run, AGAIN_MS);
    }
  };
}

function slide(refresh) {
  const hour = here("hour");
  const base = node.dataset.points;
  let timer = 0;
  hour.addEventListener("input", () => {
    const back = Number(hour.value);
    const at = new Date(Math.floor(Date.now() / HOUR_MS) * HOUR_MS + back * HOUR_MS);
    const when = new Intl.DateTimeFormat(document.documentElement.lang, { month: "short", day: "numeric", weekday: "short", hour: "2-digit", minute: "2-digit", timeZone: "Asia/Shanghai" });
    const words = back ? hour.dataset.then.replace("{when}", when.format(at)) : hour.dataset.now;
    here("hour-said").textContent = words;
    hour.setAttribute("aria-valuetext", words);
    node.dataset.points = back ? `${base}${base.endsWith("?") ? "" : "&"}at=${at.getTime()}` : base;
    clearTimeout(timer);
    timer = setTimeout(refresh, PAUSE_MS);
  });
  return () => hour.value === "0";
}

async function start() {
  const city = await drawMap(node, { text: rem(0.8125), hash: true });
  const refresh = async () => {
    try {
      count(await city.points());
      say("");
    } catch (error) {
      if (!(error instanceof NotDrawn) && !(error instanceof TypeError)) throw error;
      say(error instanceof NotDrawn ? error.message : node.dataset.failed);
    }
  };
  here("larger").addEventListener("click", () => city.map.zoomIn());
  here("smaller").addEventListener("click", () => city.map.zoomOut());
  here("whole").addEventListener("click", city.whole);
  for (const id of ["zoom", "legend", "then"]) here(id).hidden = false;
  city.map.once("idle", () => { node.dataset.drawn = "yes"; });
  await refresh();
  const atNow = slide(refresh);
  const again = steadily(refresh);
  onChange(() => atNow() && again());
}

start().catch((error) => {
  say(error instanceof NotDrawn ? error.message : node.dataset.failed);
  if (!(error instanceof NotDrawn)) console.warn(error);
});
