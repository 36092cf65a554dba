/* What was done on the telephone and not yet told: kept on it, in order, until the server has answered each.
   A deed has a key of its own: sent twice it is done once. What the server refuses is kept with its reason until read. */
const STORE = "deeds";

function asked(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

async function store(mode, work) {
  const opening = indexedDB.open("anlan-unit", 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore(STORE, { keyPath: "id", autoIncrement: true });
  const base = await asked(opening);
  try {
    return await asked(work(base.transaction(STORE, mode).objectStore(STORE)));
  } finally {
    base.close();
  }
}

export const newKey = () => [...crypto.getRandomValues(new Uint8Array(16))].map((n) => n.toString(16).padStart(2, "0")).join("");
export const add = (deed) => store("readwrite", (all) => all.add(deed));
export const put = (deed) => store("readwrite", (all) => all.put(deed));
export const drop = (id) => store("readwrite", (all) => all.delete(id));
export const every = async (account) => (await store("readonly", (all) => all.getAll())).filter((deed) => deed.account === account);

function body(deed, token) {
  const form = new FormData();
  form.set("_csrf_token", token);
  for (const name of ["deed", "at", "matter", "version", "state", "note"]) if (deed[name]) form.set(name, deed[name]);
  (deed.photos ?? []).forEach((photo) => form.append("photos", photo, photo.name));
  return form;
}

/* Sends one: "done" with the unit's versions, "refused" with the words, "later" (no network, the server is not well),
   "login", or "token" where the page's token is no longer good. */
export async function send(deed, token) {
  let answer;
  try {
    answer = await fetch("/unit/deeds", { method: "post", body: body(deed, token), headers: { "Idempotency-Key": deed.key } });
  } catch {
    return { came: "later" };
  }
  if (answer.redirected || answer.status === 401) return { came: "login" };
  if (answer.ok) return { came: "done", versions: await answer.json() };
  if (!(answer.headers.get("content-type") ?? "").includes("problem+json")) return { came: answer.status === 403 ? "token" : "later" };
  const problem = await answer.json();
  return answer.status >= 500 || answer.status === 429 ? { came: "later" } : { came: "refused", words: problem.detail };
}
