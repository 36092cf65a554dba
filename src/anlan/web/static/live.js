/* What changes, as it changes: one event stream for the page; where there is none, a look every 15 seconds.
   Contract: GET /live, event "facts", data {"pos": n, "matters": [numbers], "news": [numbers], "call": yes or no}, at most
   two a second. It begins where the page was made, and is taken up again after the last position heard: nothing is lost
   between page and stream, or while the server was away, and nothing is told twice. */
const POLL_MS = 15000;
const AGAIN_MS = 3000;
const listeners = new Set();
let source = null;
let timer = 0;
let pos = Number(document.getElementById("news")?.dataset.pos ?? 0);

/* Calls back with {pos, matters, news, everything}: `everything` when it is not known which matters changed. Answers how
   to stop. */
export function onChange(callback) {
  listeners.add(callback);
  if (!source && !timer) listen();
  return () => listeners.delete(callback);
}

function tell(changed) {
  if (changed.everything || changed.call || changed.matters.length) listeners.forEach((callback) => callback(changed));
}

function listen() {
  source?.close();
  source = new EventSource(pos ? `/live?after=${pos}` : "/live");
  source.addEventListener("facts", (event) => {
    clearInterval(timer);
    timer = 0;
    const changed = { everything: false, news: [], ...JSON.parse(event.data) };
    /* A server that counts from further back is not the one this page came from. */
    if (changed.pos < pos) changed.everything = true;
    pos = changed.pos;
    tell(changed);
  });
  source.addEventListener("error", () => {
    if (source.readyState === EventSource.CLOSED && !timer) poll();
  });
}

/* Refused (logged out, too many listeners, a proxy without streams): look now and then, and try the stream again. */
function poll() {
  let looks = 0;
  timer = setInterval(() => {
    looks += 1;
    if (looks % (POLL_MS / AGAIN_MS) === 0) tell({ pos, matters: [], news: [], everything: true });
    listen();
  }, AGAIN_MS);
}

/* A page that is kept aside closes its stream; taken up again it catches up. */
addEventListener("pagehide", () => source?.close());
addEventListener("pageshow", (event) => {
  if (event.persisted && listeners.size) listen();
});
