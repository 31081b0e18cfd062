// Rates and latencies of this node, drawn from its metrics.
import { metrics } from '../api.js';
import { el, every, problem, svg } from '../dom.js';

/** Between two looks, in milliseconds, and how many are drawn: two minutes. */
const PERIOD = 2000;
const DRAWN = 60;
const [WIDTH, HEIGHT] = [300, 80];

/** The samples of a text in the OpenMetrics format: by name a list of labels and values. */
export function read(text) {
  const samples = {};
  for (const line of text.split('\n')) {
    const parts = /^(\w+)(?:\{(.*)\})? (\S+)/.exec(line);
    if (parts) (samples[parts[1]] ??= []).push({ labels: parts[2] ?? '', value: Number(parts[3]) });
  }
  return samples;
}

const sum = (samples, name) => (samples[name] ?? []).reduce((total, { value }) => total + value, 0);

/** What a part of the observations between two looks did not exceed, in seconds; none where there were none. */
export function quantile(now, before, name, part) {
  const counts = {};
  const add = (samples, sign) => (samples[`${name}_bucket`] ?? []).forEach(({ labels, value }) => {
    const bound = /le="([^"]*)"/.exec(labels)?.[1];
    counts[bound] = (counts[bound] ?? 0) + sign * value;
  });
  add(now, 1);
  add(before, -1);
  const bounds = Object.keys(counts).map((text) => [text === '+Inf' ? Infinity : Number(text), counts[text]]).sort(([a], [b]) => a - b);
  const total = bounds.at(-1)?.[1] ?? 0;
  return total > 0 ? bounds.find(([, count]) => count >= part * total)[0] : undefined;
}

const rate = (name) => (now, before, seconds) => Math.max(0, (sum(now, name) - sum(before, name)) / seconds);
const level = (name) => (now) => sum(now, name);
const latency = (name) => (now, before) => quantile(now, before, name, 0.99);

const count = (value) => value.toLocaleString('en', { maximumFractionDigits: value < 10 ? 1 : 0 });
const bytes = (value) => (value < 1e6 ? `${count(value / 1e3)} kB` : `${count(value / 1e6)} MB`);
const time = (seconds) => {
  if (seconds === Infinity) return 'beyond the largest bucket';
  return seconds < 0.001 ? `${count(seconds * 1e6)} µs` : `${count(seconds * 1e3)} ms`;
};

const PLOTS = [
  ['Publishes per second', rate('callboard_publishes_total'), count],
  ['Deliveries per second', rate('callboard_deliveries_total'), count],
  ['Commands per second', rate('callboard_commands_total'), count],
  ['Delivery within, 99 %', latency('callboard_delivery_seconds'), time],
  ['API answer within, 99 %', latency('callboard_api_seconds'), time],
  ['Connections', level('callboard_connections'), count],
  ['Listeners', level('callboard_listeners'), count],
  ['Queued for clients', level('callboard_outbox_bytes'), bytes],
  ['Closed by the broker per second', rate('callboard_disconnects_total'), count],
];

function plot([title, measure, write]) {
  const values = [];
  const line = svg('polyline');
  const figure = el('p', { class: 'figure' }, '–');
  const drawing = svg('svg', { viewBox: `0 -2 ${WIDTH} ${HEIGHT + 4}`, preserveAspectRatio: 'none', role: 'img', 'aria-label': `${title}, the last two minutes` }, line);
  const peak = el('small', {}, '');
  const update = (...looks) => {
    values.push(measure(...looks));
    if (values.length > DRAWN) values.shift();
    const known = values.filter(Number.isFinite);
    const most = Math.max(...known, Number.MIN_VALUE);
    const points = values.map((value, index) => [index + DRAWN - values.length, value]).filter(([, value]) => Number.isFinite(value));
    line.setAttribute('points', points.map(([x, y]) => `${(x * WIDTH) / (DRAWN - 1)},${HEIGHT - (y / most) * HEIGHT}`).join(' '));
    const last = values.at(-1);
    figure.textContent = last === undefined ? 'none' : write(last);
    peak.textContent = known.length ? `peak ${write(Math.max(...known))}` : '';
  };
  return { element: el('section', { class: 'card' }, el('h2', {}, title), figure, drawing, peak), update };
}

export function rates() {
  const plots = PLOTS.map(plot);
  const error = problem();
  let before;
  let since;
  const look = async () => {
    try {
      const now = read(await metrics());
      const at = performance.now();
      if (before) plots.forEach(({ update }) => update(now, before, (at - since) / 1000));
      [before, since] = [now, at];
      error.show('');
    } catch (failure) {
      error.show(failure.message);
    }
  };
  look();
  const element = el('div', {}, el('h1', {}, 'Rates of this node'), error.element, el('div', { class: 'plots' }, plots.map(({ element: card }) => card)));
  return { element, end: every(PERIOD, look) };
}
