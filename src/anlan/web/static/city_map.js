/* The map: the city pack, and open matters on it. It reads the public API only; what it shows is also in the list
   beside it, and when it cannot draw, it says why. */
import * as shapes from "./city_shapes.js";
import { layers, sources } from "./city_style.js";
import { behind } from "./behind.js";
import { onTheme, rem, token } from "./tokens.js";

const STACKED = 12;

export class NotDrawn extends Error {}

/* Draws into `node` (its data-points names the matters); `text` is the size of the smallest words, `padding` the room that
   legend and slider take. With `chosen`, a press marks a place and tells its longitude and latitude; with `own`, what is
   on it is the caller's. Raises NotDrawn. */
export async function drawMap(node, { text, padding, hash = false, chosen = null, own = false }) {
  if (!hasWebGL()) throw new NotDrawn(node.dataset.noGl);
  let first = chosen || own ? null : json(node.dataset.points, node);
  first?.catch(() => {}); /* whoever asks for the points is told */
  const [gl, areas] = await Promise.all([import("./vendor/maplibre-gl.mjs"), json("/api/v1/city/areas", node)]);
  gl.setWorkerUrl(new URL("./vendor/maplibre-gl-worker.mjs", import.meta.url).href);
  const [west, south, east, north] = areas.bbox;
  const map = new gl.Map({
    container: node, hash, attributionControl: false, maxZoom: 17, minZoom: 7, dragRotate: false, pitchWithRotate: false,
    touchPitch: false, fadeDuration: 0, localIdeographFontFamily: token("--font"), locale: { "Map.Title": node.dataset.label },
    bounds: [west, south, east, north], fitBoundsOptions: { padding }, style: { version: 8, sources: sources(location.origin), layers: [] },
  });
  map.touchZoomRotate.disableRotation();
  await new Promise((done) => map.once("load", done));
  dress(map, text);
  onTheme(() => dress(map, text));
  lay(map, areas);
  map.once("sourcedata", () => map.once("render", () => { node.dataset.painted = "yes"; }));
  fill(map, node).catch(console.warn);
  if (chosen) map.on("click", ({ lngLat: { lng, lat } }) => mark(map, lng, lat, chosen));
  else if (!own) follow(map, node);
  const points = async () => {
    const asked = first ?? json(node.dataset.points, node);
    first = null;
    return put(map, await asked);
  };
  return { map, points, whole: () => map.fitBounds([west, south, east, north], { padding }) };
}

export async function json(address, node) {
  const answer = await fetch(address, { headers: { "accept-language": document.documentElement.lang } });
  if (answer.ok) return answer.json();
  const problem = await answer.json().catch(() => ({}));
  throw new NotDrawn(problem.code === "points.too_many" ? node.dataset.tooMany : node.dataset.failed);
}

function hasWebGL() {
  const canvas = document.createElement("canvas");
  const gl = canvas.getContext("webgl2");
  gl?.getExtension("WEBGL_lose_context")?.loseContext();
  return Boolean(gl);
}

/* Layers and signs in the colours of the theme, whichever it is now. */
function dress(map, text) {
  for (const name of shapes.names) {
    const drawn = shapes.image(name, text * 1.05);
    if (map.hasImage(name)) map.updateImage(name, drawn);
    else map.addImage(name, drawn, { pixelRatio: shapes.ratio });
  }
  for (const layer of layers(text)) {
    if (!map.getLayer(layer.id)) map.addLayer(layer);
    else for (const [name, value] of Object.entries(layer.paint ?? {})) map.setPaintProperty(layer.id, name, value);
  }
}

const english = () => document.documentElement.lang.startsWith("en");
const named = (thing) => (english() && thing.name_en) || thing.name;
const short = (name) => name.replace(/ (District|City)$/, "").replace(/^(.{2,})[区市县]$/, "$1");
const point = (at, properties) => ({ type: "Feature", properties, geometry: { type: "Point", coordinates: at } });
const collection = (features) => ({ type: "FeatureCollection", features });

function lay(map, areas) {
  map.getSource("areas").setData(areas);
  const districts = areas.features.filter((area) => area.properties.level === "district");
  map.getSource("labels").setData(collection(districts.map(({ properties }) => point(properties.label, { name: short(named(properties)) }))));
}

async function fill(map, node) {
  const units = await json("/api/v1/city/units", node);
  map.getSource("units").setData(collection(units.map((unit) => point([unit.lon, unit.lat], { name: named(unit) }))));
  const names = async () => {
    if (map.getZoom() < 13.5) return;
    map.off("moveend", names);
    const places = await json("/api/v1/city/places", node);
    map.getSource("places").setData(collection(places.map(([name, , lon, lat]) => point([lon, lat], { name }))));
  };
  map.on("moveend", names);
  names();
}

/* Puts the matters on the map; answers {minute, placed, unplaced}. */
function put(map, found) {
  const { number, lon_e6: lon, lat_e6: lat, state, states } = found;
  const features = number.map((n, i) => point([lon[i] / 1e6, lat[i] / 1e6], { n, s: states[state[i]] }));
  map.getSource("matters").setData(collection(features));
  return { minute: found.minute, placed: number.length, unplaced: found.unplaced };
}

function mark(map, lon, lat, chosen) {
  map.getSource("matters").setData(collection([point([lon, lat], { n: 0, s: "new" })]));
  chosen(lon, lat);
}

/* A press: one matter opens; several in one place are listed; a cluster comes nearer until it parts. */
function follow(map, node) {
  for (const layer of ["one", "many"]) {
    map.on("mouseenter", layer, () => { map.getCanvas().classList.add("over"); });
    map.on("mouseleave", layer, () => { map.getCanvas().classList.remove("over"); });
  }
  map.on("click", async (event) => {
    const reach = STACKED / 2;
    const box = [[event.point.x - reach, event.point.y - reach], [event.point.x + reach, event.point.y + reach]];
    const hit = map.queryRenderedFeatures(box, { layers: ["many", "one"] });
    if (!hit.length) return behind.hide();
    const cluster = hit.find((one) => one.properties.cluster);
    if (!cluster) return show(node, hit.map((one) => one.properties));
    const source = map.getSource("matters");
    const zoom = await source.getClusterExpansionZoom(cluster.properties.cluster_id);
    if (zoom <= 14) return map.easeTo({ center: cluster.geometry.coordinates, zoom });
    const leaves = await source.getClusterLeaves(cluster.properties.cluster_id, 1000, 0);
    return show(node, leaves.map((one) => one.properties));
  });
}

function show(node, hit) {
  const once = [...new Map(hit.map((one) => [one.n, one])).values()];
  return behind.show(once, node.dataset);
}
