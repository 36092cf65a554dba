/* Colours and sizes as tokens.css has them now, for what is drawn on a canvas; and when the theme changes. */
export function token(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/* CSS pixels in so many rem. */
export function rem(count) {
  return count * parseFloat(getComputedStyle(document.documentElement).fontSize);
}

export function onTheme(callback) {
  new MutationObserver(callback).observe(document.documentElement, { attributeFilter: ["data-theme"] });
}
