/* What is known about a call as it is typed: places, the same incident, its questions; each replaces its own part. */
const form = document.getElementById("call-form");
const PAUSE_MS = 350;
let timer = 0;
let turn = 0;

async function look() {
  const mine = ++turn;
  const data = new FormData(form);
  data.set("do", "look");
  const answer = await fetch(form.action, { method: "post", body: new URLSearchParams(data) });
  if (!answer.ok || answer.redirected || mine !== turn) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  const picked = document.querySelector("#picked input")?.checked; /* on the map: no name may take its place */
  for (const id of ["part-same", "part-spots", "part-limit", "part-questions", "part-urgency"]) {
    const [old, now] = [document.getElementById(id), fresh.getElementById(id)];
    if (id === "part-spots" && picked) continue;
    if (old && now && !old.contains(document.activeElement)) old.replaceWith(now);
  }
}

function soon() {
  clearTimeout(timer);
  timer = setTimeout(() => look().catch(() => {}), PAUSE_MS);
}

form.addEventListener("input", soon);
form.addEventListener("change", ({ target }) => {
  if (target.name === "category") form.querySelectorAll("[name=urgency]").forEach((one) => { one.checked = false; });
  if (target.type === "radio") form.querySelectorAll(`[name="${target.name}"]`).forEach((one) => one.closest(".opt").classList.toggle("on", one.checked));
  soon();
});
