/* The dispatch map: the city, units by what they do, incidents by their place in the list, the chosen unit's way. */
import { drawMap, json } from "../city_map.js";
import { onTheme, rem, token } from "../tokens.js";

const EVERY_MS = 2000;
const EMPTY = { type: "FeatureCollection", features: [] };
const point = (at, properties) => ({ type: "Feature", properties, geometry: { type: "Point", coordinates: at } });
const BOLD = ["Anlan Bold", ...token("--font").split(",").map((name) => name.trim().replace(/^"|"$/g, ""))];
const LOOKS = {
  available: { fill: "--surface", line: "--sea", ink: "--sea" },
  assigned: { fill: "--sea-soft", line: "--sea", ink: "--sea" },
  en_route: { fill: "--sea-solid", line: "--sea-solid", ink: "--on-sea" },
  on_scene: { fill: "--ink", line: "--ink", ink: "--surface" },
  busy: { fill: "--surface", line: "--mark", ink: "--ink-3", dash: true },
  rest: { fill: "--surface", line: "--mark", ink: "--ink-3", dash: true },
};

/* A box that stretches round a call sign. */
function box(look) {
  const side = 24;
  const pen = new OffscreenCanvas(side * 2, side * 2).getContext("2d");
  pen.scale(2, 2);
  pen.beginPath();
  pen.roundRect(1.5, 1.5, side - 3, side - 3, 3);
  pen.fillStyle = token(look.fill);
  pen.fill();
  pen.strokeStyle = token(look.line);
  pen.lineWidth = 1.75;
  if (look.dash) pen.setLineDash([3, 2]);
  pen.stroke();
  return pen.getImageData(0, 0, side * 2, side * 2);
}

function diamond(hot) {
  const side = 32;
  const pen = new OffscreenCanvas(side * 2, side * 2).getContext("2d");
  pen.scale(2, 2);
  pen.beginPath();
  [[16, 2], [30, 16], [16, 30], [2, 16]].forEach(([x, y], n) => (n ? pen.lineTo(x, y) : pen.moveTo(x, y)));
  pen.closePath();
  pen.fillStyle = token(hot ? "--urgent" : "--surface");
  pen.fill();
  pen.strokeStyle = token(hot ? "--surface" : "--ink");
  pen.lineWidth = 1.75;
  pen.stroke();
  return pen.getImageData(0, 0, side * 2, side * 2);
}

function images(map) {
  const put = (name, image, more = {}) => (map.hasImage(name) ? map.updateImage(name, image) : map.addImage(name, image, { pixelRatio: 2, ...more }));
  const stretch = { stretchX: [[10, 38]], stretchY: [[10, 38]], content: [8, 8, 40, 40] };
  for (const [state, look] of Object.entries(LOOKS)) put(`u-${state}`, box(look), stretch);
  put("i-hot", diamond(true));
  put("i-taken", diamond(false));
}

const ink = (name) => ["match", ["get", "s"], ...Object.entries(LOOKS).flatMap(([state, look]) => [state, token(look[name])]), token("--ink")];

function paint(map, text) {
  const layers = [
    { id: "way", type: "line", source: "way", layout: { "line-cap": "round", "line-join": "round" }, paint: { "line-color": token("--sea-solid"), "line-width": 4 } },
    { id: "ring", type: "circle", source: "incidents", filter: ["get", "hot"], paint: { "circle-radius": text * 1.9, "circle-color": "transparent", "circle-stroke-color": token("--urgent"), "circle-stroke-width": 2 } },
    { id: "fleet", type: "symbol", source: "fleet", layout: { "icon-image": ["concat", "u-", ["get", "s"]], "icon-text-fit": "both", "icon-text-fit-padding": [1, 4, 1, 4], "text-field": ["get", "name"], "text-size": text, "text-font": BOLD, "icon-allow-overlap": ["step", ["zoom"], false, 12, true], "text-allow-overlap": ["step", ["zoom"], false, 12, true], "symbol-sort-key": ["get", "sort"] }, paint: { "text-color": ink("ink") } },
    { id: "incidents", type: "symbol", source: "incidents", layout: { "icon-image": ["case", ["get", "hot"], "i-hot", "i-taken"], "icon-allow-overlap": true, "text-field": ["to-string", ["get", "n"]], "text-size": text, "text-font": BOLD, "text-allow-overlap": true, "symbol-sort-key": ["-", 999, ["get", "n"]] }, paint: { "text-color": ["case", ["get", "hot"], token("--on-urgent"), token("--ink")] } },
  ];
  for (const layer of layers) {
    if (!map.getLayer(layer.id)) map.addLayer(layer);
    else for (const [name, value] of Object.entries(layer.paint)) map.setPaintProperty(layer.id, name, value);
  }
}

/* The incident in the middle, and round it who is out for it and whoever would be there first. */
function around(open, units) {
  const first = document.querySelector("#card .rank")?.dataset.unit;
  const about = units.filter((unit) => unit.matter === open.number || unit.unit === first);
  const reach = (name) => Math.max(0.005, ...about.map((unit) => Math.abs(unit[name] - open[name])));
  const [east, north] = [reach("lon"), reach("lat")];
  return [open.lon - east, open.lat - north, open.lon + east, open.lat + north];
}

export async function draw(node, incident) {
  if (!node.dataset.assets) return null;
  const text = rem(0.8125);
  const city = await drawMap(node, { text, padding: { top: 24, right: 24, bottom: 56, left: 24 }, own: true });
  const { map } = city;
  for (const name of ["way", "fleet", "incidents"]) map.addSource(name, { type: "geojson", data: EMPTY });
  images(map);
  paint(map, text);
  onTheme(() => { images(map); paint(map, text); });
  let skew = 0;
  let framed = "";
  const refresh = async () => {
    const board = await json(node.dataset.points, node);
    skew = board.at - Date.now();
    const units = board.units.filter((unit) => unit.lon !== null && unit.state !== "off");
    map.getSource("fleet").setData({ ...EMPTY, features: units.map((unit) => point([unit.lon, unit.lat], { name: unit.call_sign, s: unit.state, sort: unit.matter ? 0 : 1 })) });
    const placed = board.incidents.filter((one) => one.lon !== null);
    map.getSource("incidents").setData({ ...EMPTY, features: placed.map((one) => point([one.lon, one.lat], { n: one.n, number: one.number, hot: one.stage === "received" })) });
    const open = placed.find((one) => String(one.number) === incident().replaceAll("-", ""));
    if (open && framed !== String(open.number)) {
      framed = String(open.number);
      map.fitBounds(around(open, units), { padding: 48, maxZoom: 12.5, duration: 0 });
    }
    node.dataset.drawn = "yes";
  };
  const choose = async () => {
    const row = document.querySelector("#card .rank.on");
    const number = incident().replaceAll("-", "");
    if (!row || !number) return map.getSource("way").setData(EMPTY);
    const answer = await fetch(`/api/v1/command/incidents/${number}/route?unit=${encodeURIComponent(row.dataset.unit)}`);
    return map.getSource("way").setData(answer.ok ? await answer.json() : EMPTY);
  };
  map.on("click", "incidents", ({ features: [one] }) => {
    const digits = String(one.properties.number).padStart(15, "0");
    location.assign(`/command?incident=${digits.slice(0, 6)}-${digits.slice(6, 8)}-${digits.slice(8)}`);
  });
  await refresh();
  setInterval(() => { if (!document.hidden) refresh().catch(() => {}); }, EVERY_MS);
  return { refresh: () => refresh().catch(() => {}), choose: () => choose().catch(() => {}), get skew() { return skew; } };
}
