/* A report's place on the map, or where the telephone is now: both end as one more choice under the place's name. The map
   and its library are fetched only when somebody asks for them. */
const pick = document.getElementById("pick");
const say = (words) => { pick.querySelector("[role=status]").textContent = words; };
const button = (name) => pick.querySelector(`[data-do="${name}"]`);

/* One choice more, and it is on. */
function choose(lon, lat) {
  document.querySelectorAll("#picked").forEach((old) => old.remove());
  const row = pick.querySelector("template").content.firstElementChild.cloneNode(true);
  const input = row.querySelector("input");
  input.value = `@${lon.toFixed(6)},${lat.toFixed(6)}`;
  input.checked = true;
  pick.before(row);
  input.dispatchEvent(new Event("change", { bubbles: true }));
  say("");
}

async function open() {
  const node = pick.querySelector(".map");
  button("map").disabled = true;
  try {
    const [{ drawMap }, { rem }] = await Promise.all([import("./city_map.js"), import("./tokens.js")]);
    document.head.append(Object.assign(document.createElement("link"), { rel: "stylesheet", href: pick.dataset.sheet }));
    node.parentElement.hidden = false;
    await drawMap(node, { text: rem(0.8125), padding: 12, chosen: choose });
    say(pick.dataset.press);
  } catch (error) {
    node.parentElement.hidden = true;
    say(error.message);
  }
}

function locate() {
  say(pick.dataset.asking);
  const found = ({ coords }) => choose(coords.longitude, coords.latitude);
  navigator.geolocation.getCurrentPosition(found, () => say(pick.dataset.lost), { enableHighAccuracy: true, timeout: 15000 });
}

pick.hidden = false;
button("map")?.addEventListener("click", open);
const here = button("here"); /* a desk is not where it happens */
if (here) here.hidden = !(isSecureContext && "geolocation" in navigator);
here?.addEventListener("click", locate);
