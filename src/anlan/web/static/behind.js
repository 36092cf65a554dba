/* What stands behind a point: one matter opens at once, several are listed with their state and title. */
const SVG = "http://www.w3.org/2000/svg";
const SHOWN = 50;
const ORDER = ["late", "soon", "new", "hold", "open"];

/* 370202260000123 as 370202-26-0000123. */
export const shown = (number) => String(number).replace(/^(\d{6})(\d{2})(\d{7})$/, "$1-$2-$3");

function sign(state) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", `st mark-${state}`);
  svg.setAttribute("viewBox", "0 0 14 14");
  svg.setAttribute("aria-hidden", "true");
  svg.appendChild(document.createElementNS(SVG, "use")).setAttribute("href", `#st-${state}`);
  return svg;
}

function made(tag, properties, ...children) {
  const node = Object.assign(document.createElement(tag), properties);
  node.append(...children);
  return node;
}

async function show(hit, words) {
  if (hit.length === 1) {
    location.assign(`/matters/${shown(hit[0].n)}`);
    return;
  }
  const box = document.getElementById("behind");
  const first = [...hit].sort((a, b) => ORDER.indexOf(a.s) - ORDER.indexOf(b.s)).slice(0, SHOWN);
  const query = first.map((one) => `number=${one.n}`).join("&");
  const answer = await fetch(`/api/v1/matters/titles?${query}`);
  const titles = new Map(answer.ok ? (await answer.json()).rows.map((row) => [row.number, row.title]) : []);
  const close = made("button", { type: "button", className: "btn quiet", textContent: words.shut });
  close.addEventListener("click", hide);
  const said = words.here.replace("{n}", hit.length) + (hit.length > SHOWN ? ` · ${words.first.replace("{n}", SHOWN)}` : "");
  const rows = first.map((one) => made("li", {}, made("a", { href: `/matters/${shown(one.n)}` }, sign(one.s), titles.get(one.n) || words.untitled)));
  box.replaceChildren(made("header", {}, made("b", { textContent: said }), close), made("ol", {}, ...rows));
  box.hidden = false;
}

function hide() {
  document.getElementById("behind").hidden = true;
}

export const behind = { show, hide };
