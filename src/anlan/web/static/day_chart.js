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
  const now = ((minute % 1440) / 60) - 0.5;
  const at = (x, y) => [x, y];
  const low = usual.map((band, hour) => at(hour, band.low));
  const room = usual.map((band, hour) => at(hour, band.high - band.low));
  const plain = { type: "line", stack: "usual", symbol: "none", silent: true, smooth: 0.3, lineStyle: { width: 0 } };
  return {
    animation: false,
    grid: { left: rem(0.5), right: rem(0.5), top: rem(2.25), bottom: rem(2.25) },
    xAxis: {
      type: "value", min: -0.5, max: 23.5, interval: 6, splitLine: { show: false }, axisTick: { show: false },
      axisLine: { onZero: false, lineStyle: { color: token("--line-2"), width: 2 } }, axisLabel: { show: false },
    },
    yAxis: { type: "value", min: 0, max: (range) => Math.max(range.max, ...usual.map((band) => band.high), 4), show: false },
    graphic: usual.length ? [{ type: "text", right: rem(0.5), top: 0, style: { text: words.band, fill: ink.color, font: `${size}px ${ink.fontFamily}` } }] : [],
    series: [
      { ...plain, data: low, areaStyle: { opacity: 0 } },
      { ...plain, data: room, areaStyle: { color: token("--c-band"), opacity: 1 } },
      {
        type: "bar", data: hours.map((n, hour) => at(hour, n)), barWidth: "2.6%", itemStyle: { color: token("--c-now") }, silent: true,
        markLine: {
          symbol: "none", silent: true, animation: false, lineStyle: { color: token("--sea"), width: 2, type: "solid" },
          label: { ...ink, formatter: words.now, position: "end", distance: rem(0.25) }, data: [{ xAxis: now }],
        },
      },
      {
        type: "scatter", symbolSize: 0, silent: true, data: [0, 6, 12, 18].map((hour) => at(hour, 0)),
        label: { show: true, ...ink, position: "bottom", distance: rem(0.5), formatter: ({ value }) => words.hour.replace("{h}", value[0]) },
      },
    ],
  };
}
