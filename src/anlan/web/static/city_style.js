/* The city pack as a map style: water, land, roads, borders, names, then matters. Colours come from the tokens, sizes
   grow with the root font, so that a desk of 4K and a wall scale as a whole. No tiles, no glyph server: text is drawn
   with the machine's own fonts. */
import { rem, token } from "./tokens.js";

export const LAND_LEVELS = ["sea", "district", "station"];
const EMPTY = { type: "FeatureCollection", features: [] };
const grow = (...stops) => ["interpolate", ["exponential", 1.5], ["zoom"], ...stops];
const is = (level) => ["==", ["get", "level"], level];

export function sources(base) {
  return {
    areas: { type: "geojson", data: EMPTY, buffer: 8, tolerance: 0.2 },
    labels: { type: "geojson", data: EMPTY },
    roads: { type: "geojson", data: `${base}/api/v1/city/roads`, buffer: 8, tolerance: 0.4 },
    units: { type: "geojson", data: EMPTY },
    places: { type: "geojson", data: EMPTY },
    matters: {
      type: "geojson", data: EMPTY, cluster: true, clusterRadius: Math.round(rem(3.2)), clusterMaxZoom: 14,
      clusterProperties: { late: ["+", ["case", ["==", ["get", "s"], "late"], 1, 0]] },
    },
  };
}

/* `text` is the size of the smallest words, in CSS pixels. */
export function layers(text) {
  return [...ground(), ...roads(), ...borders(), ...words(text), ...units(text), ...matters(text)];
}

function ground() {
  return [
    { id: "beyond", type: "background", paint: { "background-color": token("--sunken") } },
    { id: "sea", type: "fill", source: "areas", filter: is("sea"), paint: { "fill-color": token("--water"), "fill-antialias": false } },
    { id: "shore", type: "line", source: "areas", filter: is("district"), paint: { "line-color": token("--shore"), "line-width": 2.5 } },
    { id: "land", type: "fill", source: "areas", filter: is("district"), paint: { "fill-color": token("--land"), "fill-antialias": false } },
  ];
}

function roads() {
  const kind = (n) => ["==", ["get", "kind"], n];
  const round = { "line-cap": "round", "line-join": "round" };
  const line = (id, filter, color, width, more = {}) => ({
    id, type: "line", source: "roads", filter, layout: round, paint: { "line-color": token(color), "line-width": width, ...more.paint }, ...more.layer,
  });
  return [
    line("minor", kind(0), "--road-2", grow(11, 0.6, 14, 2, 17, 8), { layer: { minzoom: 11 } }),
    line("ferry", kind(3), "--shore", 1.5, { paint: { "line-dasharray": [4, 4] } }),
    line("main-case", [">=", ["get", "kind"], 1], "--road-2", grow(9, 0.8, 12, 3.2, 17, 15), { layer: { filter: ["in", ["get", "kind"], ["literal", [1, 2]]] } }),
    line("main", ["in", ["get", "kind"], ["literal", [1, 2]]], "--road", grow(9, 0.5, 12, 2, 17, 12)),
  ];
}

function borders() {
  const border = (id, level, paint, minzoom = 0) => ({ id, type: "line", source: "areas", filter: is(level), minzoom, paint: { "line-color": token("--border"), ...paint } });
  return [
    border("station-border", "station", { "line-width": 0.8, "line-opacity": 0.55, "line-dasharray": [2, 3] }, 11),
    border("district-border", "district", { "line-width": 1, "line-dasharray": [6, 3, 1, 3] }),
  ];
}

function words(text) {
  const halo = { "text-color": token("--map-ink"), "text-halo-color": token("--map-halo"), "text-halo-width": text / 8 };
  const layout = (size, more) => ({ "text-field": ["get", "name"], "text-size": size, "text-font": ["sans-serif"], ...more });
  return [
    { id: "place-name", type: "symbol", source: "places", minzoom: 14, layout: layout(text, { "text-padding": 6 }), paint: halo },
    { id: "road-name", type: "symbol", source: "roads", minzoom: 13, filter: ["!=", ["get", "name"], ""], layout: layout(text, { "symbol-placement": "line", "text-padding": 12, "symbol-spacing": 400 }), paint: halo },
    { id: "district-name", type: "symbol", source: "labels", maxzoom: 13, layout: layout(text * 1.15, { "text-letter-spacing": 0.2, "text-padding": 4 }), paint: halo },
  ];
}

function units(text) {
  return [
    {
      id: "unit", type: "symbol", source: "units", minzoom: 11,
      layout: {
        "icon-image": "unit", "icon-allow-overlap": true, "icon-size": 0.85,
        "text-field": ["step", ["zoom"], "", 12.5, ["get", "name"]], "text-size": text, "text-font": ["sans-serif"],
        "text-anchor": "top", "text-offset": [0, 0.7], "text-optional": true,
      },
      paint: { "text-color": token("--sea"), "text-halo-color": token("--map-halo"), "text-halo-width": text / 8 },
    },
  ];
}

function matters(text) {
  const many = ["has", "point_count"];
  return [
    {
      id: "one", type: "symbol", source: "matters", filter: ["!", many],
      layout: { "icon-image": ["get", "s"], "icon-allow-overlap": true, "icon-ignore-placement": true, "symbol-sort-key": ["-", 9, ["index-of", ["get", "s"], ["literal", ["late", "soon", "new", "hold", "open"]]]] },
    },
    {
      id: "many", type: "circle", source: "matters", filter: many,
      paint: {
        "circle-color": token("--surface"), "circle-stroke-color": token("--ink-2"), "circle-stroke-width": text / 8,
        "circle-radius": ["interpolate", ["linear"], ["ln", ["get", "point_count"]], 0, text * 0.95, 10, text * 2.1],
      },
    },
    {
      id: "how-many", type: "symbol", source: "matters", filter: many,
      layout: { "text-field": ["get", "point_count_abbreviated"], "text-size": text * 1.05, "text-font": ["sans-serif"], "text-allow-overlap": true, "text-ignore-placement": true, "text-offset": ["case", [">", ["get", "late"], 0], ["literal", [0, -0.45]], ["literal", [0, 0]]] },
      paint: { "text-color": token("--ink") },
    },
    {
      id: "how-late", type: "symbol", source: "matters", filter: ["all", many, [">", ["get", "late"], 0]],
      layout: { "text-field": ["concat", "◆", ["to-string", ["get", "late"]]], "text-size": text * 0.95, "text-font": ["sans-serif"], "text-allow-overlap": true, "text-ignore-placement": true, "text-offset": [0, 0.6] },
      paint: { "text-color": token("--late") },
    },
  ];
}
