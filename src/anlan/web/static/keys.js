/* Keys: j and k through the list, / to find, ? for the list of keys. Never while one types. */
const typing = (node) => node.closest("input, textarea, select, [contenteditable]");
const rows = () => [...document.querySelectorAll("#queue .row")];

function step(by) {
  const all = rows();
  if (!all.length) return;
  const at = all.indexOf(document.activeElement);
  const from = at >= 0 ? at : all.findIndex((row) => row.hasAttribute("aria-current"));
  const next = all[Math.min(Math.max(from + by, 0), all.length - 1)];
  next.focus();
}

const actions = {
  j: () => step(1),
  k: () => step(-1),
  "/": () => document.getElementById("find")?.focus(),
  "?": () => document.getElementById("keys")?.showModal?.(),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
  const action = actions[event.key];
  if (!action) return;
  event.preventDefault();
  action();
});
