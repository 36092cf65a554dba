/* Today by the hour, beside the usual range of days of its kind. No animation: a wall is still unless something needs a
   person. */
import { rem, token } from "./tokens.js";

/* Draws into `node`; answers how to draw other figures. */
export async function drawDay(node) {
  const { init } = await import("./vendor/echarts.esm.min.mjs");
  const chart = init(node, null, { renderer: "canvas" });
  new ResizeObserver(() => chart.resize()).observe(node);
  return (today) => {
    chart.setOption(options(node.dataset, today), { notMerge: true });
    node.dataset.drawn = "yes";
  };
}

function options(words, { hours, usual, minute }) {
  const size = rem(1.5);
  const ink = { color: token("--ink-3"), fontSize: size, fontFamily: token("--font") };
  const plain = { type: "line", stack: "usual", symbol: "none", silent: true, smooth: 0.3, lineStyle: { width: 0 } };
  const bare = { show: false };
  return {
    animation: false,
    grid: { left: rem(0.5), right: rem(0.5), top: rem(2.25), bottom: rem(2.25) },
    xAxis: [
      {
        type: "category", data: [...Array(24).keys()], axisTick: bare, axisLine: { lineStyle: { color: token("--line-2"), width: 2 } },
        axisLabel: { ...ink, interval: (hour) => hour % 6 === 0, margin: rem(0.5), formatter: (hour) => words.hour.replace("{h}", hour) },
      },
      { type: "value", min: 0, max: 24, show: false },
    ],
    yAxis: { type: "value", min: 0, max: ({ max }) => Math.max(max, ...usual.map((band) => band.high), 4), show: false },
    graphic: usual.length ? [{ type: "text", right: rem(0.5), top: 0, style: { text: words.band, fill: ink.color, font: `${size}px ${ink.fontFamily}` } }] : [],
    series: [
      { ...plain, data: usual.map((band) => band.low), areaStyle: { opacity: 0 } },
      { ...plain, data: usual.map((band) => band.high - band.low), areaStyle: { color: token("--c-band"), opacity: 1 } },
      { type: "bar", data: hours, barWidth: "58%", itemStyle: { color: token("--c-now") }, silent: true },
      {
        type: "line", xAxisIndex: 1, data: [], silent: true,
        markLine: {
          symbol: "none", silent: true, animation: false, lineStyle: { color: token("--sea"), width: 2, type: "solid" },
          label: { ...ink, formatter: words.now, position: "end", distance: rem(0.25) }, data: [{ xAxis: (minute % 1440) / 60 }],
        },
      },
    ],
  };
}
