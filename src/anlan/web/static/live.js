/* What changes, as it changes: one event stream for the page; where there is none, a look every 15 seconds. */
const POLL_MS = 15000;
const listeners = new Set();
let source = null;
let timer = 0;

/* Call back with {pos, matters, everything} when something changed; answers how to stop. */
export function onChange(callback) {
  listeners.add(callback);
  if (!source && !timer) start();
  return () => listeners.delete(callback);
}

function tell(changed) {
  if (changed.everything || changed.matters.length) listeners.forEach((callback) => callback(changed));
}

function start() {
  if (!window.EventSource) return poll();
  source = new EventSource("/live");
  source.addEventListener("facts", (event) => tell(JSON.parse(event.data)));
  source.addEventListener("error", () => {
    if (source.readyState === EventSource.CLOSED) poll();
  });
}

function poll() {
  if (!timer) timer = setInterval(() => tell({ pos: 0, matters: [], everything: true }), POLL_MS);
}

window.addEventListener("pagehide", () => source?.close());
