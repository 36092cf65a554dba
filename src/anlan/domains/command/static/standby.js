/* The standby map: calls by zone, points to drag. Dragging one asks again what is covered, and the form follows: what is
   accepted is what is seen. The page is whole without it. */
import { drawMap, json } from "../city_map.js";
import { onTheme, rem, token } from "../tokens.js";

const node = document.getElementById("map");
const EMPTY = { type: "FeatureCollection", features: [] };
const point = (at, properties) => ({ type: "Feature", properties, geometry: { type: "Point", coordinates: at } });
const inputs = () => [...document.querySelectorAll("#points [name^=at-]")];
const degrees = (input) => input.value.split(":").map(Number);
const BOLD = ["Anlan Bold", ...token("--font").split(",").map((name) => name.trim().replace(/^"|"$/g, ""))];

function paint(map, text) {
  const spots = [
    { id: "zones", type: "circle", source: "zones", paint: { "circle-radius": ["interpolate", ["linear"], ["get", "heat"], 0, text * 0.25, 1, text * 1.8], "circle-color": ["case", ["get", "in"], token("--sea"), token("--soon-mark")], "circle-opacity": ["case", ["get", "in"], 0.45, 0.5] } },
    { id: "spots", type: "circle", source: "spots", paint: { "circle-radius": text * 0.95, "circle-color": ["case", ["get", "moved"], token("--sea-soft"), token("--surface")], "circle-stroke-color": token("--sea"), "circle-stroke-width": ["case", ["get", "moved"], 3, 1.75] } },
    { id: "signs", type: "symbol", source: "spots", layout: { "text-field": ["get", "name"], "text-size": text * 0.9, "text-font": BOLD, "text-offset": [0, 1.5], "text-optional": true }, paint: { "text-color": token("--ink"), "text-halo-color": token("--surface"), "text-halo-width": 1.5 } },
  ];
  for (const layer of spots) {
    if (!map.getLayer(layer.id)) map.addLayer(layer);
    else for (const [name, value] of Object.entries(layer.paint)) map.setPaintProperty(layer.id, name, value);
  }
}

function lay(map) {
  const features = inputs().map((input) => point(degrees(input), { unit: input.name.slice(3), name: input.dataset.sign, moved: input.value !== input.dataset.was }));
  map.getSource("spots").setData({ ...EMPTY, features });
  const { x, y } = features.length ? map.project(features[0].geometry.coordinates) : { x: 0, y: 0 };
  node.dataset.spot = JSON.stringify([Math.round(x), Math.round(y)]);
}

let turn = 0;
async function ask(map) {
  const mine = ++turn;
  const covered = await json(`${node.dataset.points}&at=${inputs().map((input) => input.value).join(",")}`, node);
  if (mine !== turn) return;
  const most = Math.max(...covered.zones.map(([, , calls]) => calls), 1e-9);
  map.getSource("zones").setData({ ...EMPTY, features: covered.zones.map(([lon, lat, calls, times]) => point([lon, lat], { heat: Math.sqrt(calls / most), in: times > 0 })) });
  say(covered);
  node.dataset.drawn = "yes";
}

function say({ share_ppm: share, drive_s: drive, off_road: off, lowest, lowest_ppm: least }) {
  const [whole, said] = [document.getElementById("share"), document.getElementById("moved")];
  const moved = inputs().filter((input) => input.value !== input.dataset.was).length;
  said.hidden = document.getElementById("undrag").hidden = !moved;
  const change = (share - Number(whole.dataset.share)) / 10000;
  said.textContent = (off ? said.dataset.off : said.dataset.words).replace("{n}", moved).replace("{change}", `${change >= 0 ? "+" : "−"}${Math.abs(change).toFixed(1)}`);
  if (least < said.dataset.floor * 10000) {
    const district = document.querySelector(`#districts tr[data-district="${CSS.escape(lowest)}"] th`)?.textContent;
    said.textContent += said.dataset.below.replace("{district}", district).replace("{share}", (least / 10000).toFixed(1));
  }
  if (!moved) return;
  whole.textContent = `${(share / 10000).toFixed(1)}%`;
  document.getElementById("drive").textContent = drive < 0 ? said.dataset.overload : said.dataset.span.replace("{m}", Math.floor(drive / 60)).replace("{s}", String(drive % 60).padStart(2, "0"));
}

function drag(map, unit) {
  const input = document.querySelector(`#points [name="at-${CSS.escape(unit)}"]`);
  const row = input.closest("tr");
  let asked = 0;
  document.querySelectorAll("#points tr.on").forEach((one) => one.classList.remove("on"));
  row.classList.add("on", "dragged");
  const move = ({ lngLat: { lng, lat } }) => {
    input.value = `${lng.toFixed(6)}:${lat.toFixed(6)}`;
    row.querySelector(".where").textContent = `${lng.toFixed(4)}, ${lat.toFixed(4)}`;
    lay(map);
    if (Date.now() - asked > 120) {
      asked = Date.now();
      ask(map).catch(console.warn);
    }
  };
  const end = () => {
    for (const name of ["mousemove", "touchmove"]) map.off(name, move);
    ask(map).catch(console.warn);
  };
  for (const name of ["mousemove", "touchmove"]) map.on(name, move);
  for (const name of ["mouseup", "touchend"]) map.once(name, end);
}

async function draw() {
  const text = rem(0.8125);
  const { map } = await drawMap(node, { text, padding: { top: 24, right: 24, bottom: 56, left: 24 } });
  for (const name of ["zones", "spots"]) map.addSource(name, { type: "geojson", data: EMPTY });
  paint(map, text);
  onTheme(() => paint(map, text));
  const held = inputs().map(degrees);
  if (held.length) {
    const [lon, lat] = [held.map(([x]) => x), held.map(([, y]) => y)];
    map.fitBounds([Math.min(...lon), Math.min(...lat), Math.max(...lon), Math.max(...lat)], { padding: 60, duration: 0, maxZoom: 12 });
  }
  lay(map);
  await ask(map);
  for (const name of ["mousedown", "touchstart"]) {
    map.on(name, "spots", (event) => {
      if (event.points?.length > 1) return;
      event.preventDefault();
      drag(map, event.features[0].properties.unit);
    });
  }
  map.on("mouseenter", "spots", () => node.classList.add("grab"));
  map.on("mouseleave", "spots", () => node.classList.remove("grab"));
  document.getElementById("undrag").addEventListener("click", (event) => {
    event.preventDefault();
    location.reload();
  });
}

if (node.dataset.assets && document.getElementById("points")) {
  draw().catch((error) => {
    const why = document.getElementById("map-why");
    why.hidden = false;
    why.firstElementChild.textContent = error.message;
  });
}
