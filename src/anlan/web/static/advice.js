/* Intake: what the engines say, while one types. Each part of the answer replaces the part of the same id. */
const form = document.querySelector("[data-advice]");
const PAUSE_MS = 350;
let timer = 0;
let asking = null;

async function ask() {
  asking?.abort();
  asking = new AbortController();
  const parts = document.querySelectorAll("[id^=part-]");
  parts.forEach((part) => part.classList.add("is-busy"));
  try {
    const typed = new FormData(form);
    typed.delete("photos"); // they are sent once, with the form itself
    const answer = await fetch(form.dataset.advice, { method: "POST", body: typed, signal: asking.signal });
    if (answer.ok) put(await answer.text());
  } catch (error) {
    if (error.name !== "AbortError") console.warn(error);
  } finally {
    document.querySelectorAll(".is-busy").forEach((part) => part.classList.remove("is-busy"));
  }
}

function put(text) {
  const page = new DOMParser().parseFromString(text, "text/html");
  for (const fresh of page.querySelectorAll("[id^=part-]")) {
    const old = document.getElementById(fresh.id);
    if (old && old.innerHTML !== fresh.innerHTML && !old.contains(document.activeElement)) old.replaceWith(fresh);
  }
  mark();
}

function soon() {
  clearTimeout(timer);
  timer = setTimeout(ask, PAUSE_MS);
}

/* The chosen option carries the one look for "chosen". */
function mark() {
  form.querySelectorAll(".opt").forEach((opt) => opt.classList.toggle("on", opt.querySelector("input").checked));
}

form.addEventListener("input", (event) => {
  if (["text", "title", "place", "unit_other", "category_other"].includes(event.target.name)) soon();
});
form.addEventListener("change", (event) => {
  mark();
  if (event.target.type === "radio" || event.target.tagName === "SELECT") {
    event.target.blur();
    soon();
  }
});
form.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.querySelector(".saving .btn.main").click();
});
mark();
if (form.elements.text.value) soon();
