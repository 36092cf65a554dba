/* Small aids; every page works without them. */
const theme = document.querySelector(".js-theme");
if (theme) {
  theme.addEventListener("click", (event) => {
    event.preventDefault();
    const root = document.documentElement;
    const to = root.dataset.theme === "dark" ? "light" : "dark";
    root.dataset.theme = to;
    document.cookie = `anlan_theme=${to}; path=/; max-age=31536000; samesite=lax`;
    theme.href = theme.href.replace(/to=\w+/, `to=${to === "dark" ? "light" : "dark"}`);
  });
}

if (document.getElementById("keys")) import("./keys.js");
if (document.getElementById("news")) import("./news.js");
if (document.querySelector("#news[data-calls]")) import("./calls.js");
if (document.getElementById("pick")) import("./pick.js");
if (document.querySelector("[data-advice]")) import("./advice.js");
if (document.getElementById("fresh")) import("./fresh.js");

/* A form is sent once: a second press of the same button is a slip of the hand. */
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post") return;
  if (form.dataset.sent) event.preventDefault();
  form.dataset.sent = "yes";
  setTimeout(() => delete form.dataset.sent, 3000);
});

/* The row that is open stays in sight. */
const open = document.querySelector("#queue [aria-current]");
if (open) open.scrollIntoView({ block: "nearest" });
