// The nodes and their numbers.
import { call } from '../api.js';
import { el, every, loading, table } from '../dom.js';

/** Between two looks, in milliseconds. */
const PERIOD = 5000;

function uptime(seconds) {
  const [days, hours, minutes] = [Math.floor(seconds / 86_400), Math.floor(seconds / 3600) % 24, Math.floor(seconds / 60) % 60];
  if (days) return `${days} d ${hours} h`;
  return hours ? `${hours} h ${minutes} min` : `${minutes} min ${seconds % 60} s`;
}

const number = (value) => value.toLocaleString('en');

export function nodes() {
  const found = loading(async () => {
    const { nodes: all, missing = [] } = await call('info');
    const rows = all.map((node) => [
      node.name, node.version, uptime(node.uptime), number(node.num_clients), number(node.num_users), number(node.num_channels),
      number(node.num_subs), node.process ? `${node.process.cpu.toFixed(1)} %` : '', node.process ? `${number(Math.round(node.process.rss / 1e6))} MB` : '',
    ]);
    const heads = ['Node', 'Version', 'Up for', 'Sessions', 'Users', 'Channels', 'Subscriptions', 'CPU since start', 'Memory'];
    return [
      table('Nodes', heads, rows),
      missing.length ? el('p', { class: 'problem' }, `No answer from ${missing.join(', ')}`) : undefined,
      el('p', { class: 'soft' }, 'CPU and memory are those of the node that answers.'),
    ];
  });
  const element = el('section', { class: 'card' }, el('h1', {}, 'Nodes'), found.element);
  return { element, end: every(PERIOD, found.refresh) };
}
