/* The unit page's worker: the last page and what it is drawn with, for when there is no network. Nothing else is kept;
   a page is forgotten when its person is logged out, and after half a day. */
const CACHE = "anlan-unit";
const PAGE = "/unit";
const OLD_MS = 12 * 3600 * 1000;

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

async function page(request) {
  const cache = await caches.open(CACHE);
  try {
    const answer = await fetch(request);
    if (answer.ok && !answer.redirected) await cache.put(PAGE, answer.clone());
    else if (answer.redirected || answer.type === "opaqueredirect" || answer.status === 401 || answer.status === 403) await cache.delete(PAGE);
    return answer;
  } catch (error) {
    const kept = await cache.match(PAGE);
    if (kept && Date.now() - Date.parse(kept.headers.get("date") ?? "") > OLD_MS) await cache.delete(PAGE);
    else if (kept) return kept;
    throw error;
  }
}

async function drawn(request) {
  const cache = await caches.open(CACHE);
  return (await cache.match(request)) ?? fetch(request);
}

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin) return;
  if (url.pathname === PAGE) event.respondWith(page(request));
  else if (url.pathname.startsWith("/static/")) event.respondWith(drawn(request));
});

/* What the page is drawn with: of another build nothing is kept. */
self.addEventListener("message", (event) => {
  const keep = async () => {
    const cache = await caches.open(CACHE);
    for (const kept of await cache.keys()) {
      const { pathname, href } = new URL(kept.url);
      if (pathname !== PAGE && !event.data.includes(href)) await cache.delete(kept);
    }
    for (const address of event.data) if (!(await cache.match(address))) await cache.add(address);
  };
  event.waitUntil(keep());
});
