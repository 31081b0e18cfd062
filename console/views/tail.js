// The live tail: events as they are delivered, of one channel or of all channels of this node.
import { parse, post, result } from '../api.js';
import { clock, el, field, payload, problem } from '../dom.js';

/** The most events that are kept on the page. */
const KEPT = 500;

/** Calls `take` with each line of a response as it comes in. */
async function lines(response, take) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const parts = (rest + value).split('\n');
    rest = parts.pop();
    parts.filter(Boolean).forEach((line) => take(parse(line)));
  }
}

/**
 * Tails a channel, or all where there is none, until the returned function is called. `on.listening()`, `on.event(event)`,
 * `on.skipped(count)`, `on.ended(reason)`: the last of all, unless it was asked to end.
 */
export function follow(params, on) {
  const stop = new AbortController();
  const take = (line) => {
    if (line.event) on.event(line.event);
    else if (line.skipped) on.skipped?.(line.skipped);
    else if (line.ended) throw new Error(line.ended);
    else on.listening();
  };
  const run = async () => {
    try {
      const response = await post('tail', params, { signal: stop.signal });
      if (response.headers.get('content-type')?.startsWith('application/json')) result(parse(await response.text()));
      await lines(response, take);
      throw new Error('the broker ended it');
    } catch (error) {
      if (!stop.signal.aborted) on.ended(error.message);
      stop.abort();
    }
  };
  run();
  return () => stop.abort();
}

function row(event) {
  const { space, channel, data, offset, publisher, time, tags, attachments } = event;
  const from = publisher && (publisher.user || 'anonymous');
  const notes = [
    space !== 'user' && space,
    offset && `number ${offset}`,
    from && `from ${from}`,
    tags && `tags ${JSON.stringify(tags)}`,
    attachments && `and ${attachments} binary parts, which are not shown`,
  ].filter(Boolean).join(', ');
  return el('li', {}, el('time', {}, clock(time)), ' ', el('strong', {}, channel), ' ', payload(data), ' ', el('small', {}, notes));
}

export function tail(name = '') {
  const channel = el('input', { value: name, autocomplete: 'off', spellcheck: 'false' });
  const rate = el('select', {}, [10, 100, 1000].map((n) => el('option', { value: n }, String(n))));
  rate.value = '100';
  const state = el('p', { class: 'state', role: 'status' });
  const counts = el('p', { class: 'soft' });
  const list = el('ol', { class: 'events tall', 'aria-label': 'Events', tabindex: '0' });
  const error = problem();
  const pause = el('button', { type: 'button', 'aria-pressed': 'false' }, 'Pause');
  let [shown, skipped, held, fresh, stop, frame] = [0, 0, 0, [], undefined, 0];

  const isPaused = () => pause.getAttribute('aria-pressed') === 'true';
  // Drawn once for each frame of the screen, whatever comes meanwhile.
  const draw = () => {
    frame = 0;
    list.prepend(...fresh.slice(-KEPT).reverse().map(row));
    fresh = [];
    while (list.children.length > KEPT) list.lastChild.remove();
    const more = [skipped && `${skipped} beyond the rate`, held && `${held} while paused`].filter(Boolean);
    counts.textContent = `${shown} shown${more.length ? `; not shown: ${more.join(', ')}` : ''}`;
  };
  const drawSoon = () => { frame ||= requestAnimationFrame(draw); };

  const begin = (submitted) => {
    submitted?.preventDefault();
    stop?.();
    error.show('');
    [shown, skipped, held, fresh] = [0, 0, 0, []];
    list.replaceChildren();
    draw();
    state.textContent = 'Connecting';
    const wanted = channel.value.trim();
    const params = { rate: Number(rate.value), ...(wanted && { channel: wanted }) };
    stop = follow(params, {
      listening: () => { state.textContent = wanted ? `Tailing ${wanted}` : 'Tailing all channels of this node'; },
      event: (event) => {
        if (isPaused()) held += 1;
        else {
          shown += 1;
          fresh.push(event);
          if (fresh.length > KEPT) fresh.shift();
        }
        drawSoon();
      },
      skipped: (count) => {
        skipped += count;
        drawSoon();
      },
      ended: (reason) => {
        state.textContent = 'Ended';
        error.show(`The tail ended: ${reason}`);
      },
    });
  };
  pause.addEventListener('click', () => {
    pause.setAttribute('aria-pressed', String(!isPaused()));
    pause.textContent = isPaused() ? 'Go on' : 'Pause';
  });
  begin();

  const element = el('section', { class: 'card' }, el('h1', {}, 'Live tail'),
    el('form', { class: 'bar', onsubmit: begin }, field('Channel (empty: all)', channel), field('At most, per second', rate),
      el('button', { type: 'submit', class: 'main' }, 'Tail'), pause),
    error.element, state, counts, list);
  const end = () => {
    stop?.();
    cancelAnimationFrame(frame);
  };
  return { element, end };
}
