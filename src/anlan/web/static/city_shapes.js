/* The signs of states and units as images: shape first, colour only for time. The paths are those of icons.html. */
import { token } from "./tokens.js";

const SIGNS = {
  late: { fill: "--late-mark", path: "M7 .5 13.5 7 7 13.5.5 7z" },
  soon: { fill: "--soon-mark", path: "M7 1.5 13 12H1z" },
  hold: { stroke: "--mark", width: 2.4, path: "M4.5 2.5v9M9.5 2.5v9" },
  new: { fill: "--sea", path: "M2.5 7a4.500 4.500 0 1 0 9 0a4.500 4.500 0 1 0-9 0z" },
  open: { stroke: "--ink-2", width: 1.5, ground: true, path: "M2.250 7a4.750 4.750 0 1 0 9.500 0a4.750 4.750 0 1 0-9.500 0z", half: "M7 2.250a4.750 4.750 0 0 1 0 9.500z" },
  unit: { stroke: "--sea", width: 1.5, ground: true, path: "M2.500 3h9a1 1 0 0 1 1 1v6a1 1 0 0 1-1 1h-9a1 1 0 0 1-1-1v-6a1 1 0 0 1 1-1z" },
};
const PAD = 2;
const BOX = 14 + 2 * PAD;
const RATIO = 2;

export const names = Object.keys(SIGNS);

/* A sign of `size` CSS pixels, with a halo so that it stands off whatever lies under it. */
export function image(name, size) {
  const sign = SIGNS[name];
  const side = Math.round(size * RATIO * (BOX / 14));
  const canvas = new OffscreenCanvas(side, side);
  const pen = canvas.getContext("2d");
  const path = new Path2D(sign.path);
  pen.scale(side / BOX, side / BOX);
  pen.translate(PAD, PAD);
  pen.lineJoin = "round";
  pen.strokeStyle = token("--surface");
  pen.lineWidth = (sign.width ?? 0) + 2.5;
  pen.stroke(path);
  if (sign.ground) {
    pen.fillStyle = token("--surface");
    pen.fill(path);
  }
  if (sign.fill) {
    pen.fillStyle = token(sign.fill);
    pen.fill(path);
  }
  if (sign.stroke) {
    pen.strokeStyle = token(sign.stroke);
    pen.lineWidth = sign.width;
    pen.stroke(path);
  }
  if (sign.half) {
    pen.fillStyle = token(sign.stroke);
    pen.fill(new Path2D(sign.half));
  }
  return pen.getImageData(0, 0, side, side);
}

export const ratio = RATIO;
