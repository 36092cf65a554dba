/* What changes, as it changes: one event stream for the page; where there is none, a look every 15 seconds.
   Contract: GET /live, event "facts", data {"pos": n, "matters": [numbers]}, at most one a second. */
const POLL_MS = 15000;
const TRY_AGAIN_AFTER = 20;
const listeners = new Set();
let source = null;
let timer = 0;

/* Calls back with {pos, matters, everything}: `everything` when it is not known which matters changed. Answers how to stop. */
export function onChange(callback) {
  listeners.add(callback);
  if (!source && !timer) listen();
  return () => listeners.delete(callback);
}

function tell(changed) {
  if (changed.everything || changed.matters.length) listeners.forEach((callback) => callback(changed));
}

function listen() {
  source = new EventSource("/live");
  source.addEventListener("open", () => {
    clearInterval(timer);
    timer = 0;
  });
  source.addEventListener("facts", (event) => tell({ everything: false, ...JSON.parse(event.data) }));
  source.addEventListener("error", () => {
    if (source.readyState === EventSource.CLOSED) poll();
  });
}

function poll() {
  let looks = 0;
  clearInterval(timer);
  timer = setInterval(() => {
    tell({ pos: 0, matters: [], everything: true });
    looks += 1;
    if (looks % TRY_AGAIN_AFTER === 0) listen();
  }, POLL_MS);
}

/* A page that is kept aside closes its stream; taken up again it catches up. */
addEventListener("pagehide", () => source?.close());
addEventListener("pageshow", (event) => {
  if (!event.persisted || !listeners.size) return;
  listen();
  tell({ pos: 0, matters: [], everything: true });
});
