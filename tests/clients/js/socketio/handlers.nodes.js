'use strict';
// The fixture on two nodes: a handler on one emits to sockets on the other, which joined their rooms there.
const assert = require('node:assert/strict');
const { LASTING, OTHER, onEveryTransport, connected, ask, ownNamespace, unique } = require('./sockets');

/** An emitter's socket on one node, and on the other one in no room, one in `a`, one in `b` and one in both. */
async function apart(via) {
  const nsp = ownNamespace();
  const here = await connected({ ...via, nsp, url: LASTING });
  const there = await Promise.all([[], ['a'], ['b'], ['a', 'b']].map(async (rooms) => {
    const socket = await connected({ ...via, nsp, url: OTHER });
    await ask(socket, 'join', rooms);
    return socket;
  }));
  return { here, there };
}

/** What these got until now; a mark that the first one's handler emits last shows that nothing is on its way any more. */
async function heard(here, ...others) {
  const mark = `mark-${unique()}`;
  await ask(here, 'all', { event: mark });
  return Promise.all([here, ...others].map((socket) => socket.log.until(mark)));
}

/** Holds who of `here` and `there` gets what a handler emits, which is once. */
async function reaches({ here, there }, event, what, expected) {
  await ask(here, event, { ...what, event: 'e', args: [1, { two: 2 }, Buffer.from('3')] });
  const got = await heard(here, ...there);
  const wanted = expected.map((count) => Array(count).fill(['e', 1, { two: 2 }, Buffer.from('3')]));
  assert.deepEqual(got, wanted, JSON.stringify({ event, ...what }));
}

onEveryTransport('an event to rooms reaches who is in one of them on the other node, once, and nobody else', async (via) => {
  const all = await apart(via);
  for (const event of ['all', 'to']) {
    await reaches(all, event, { rooms: ['a'] }, [0, 0, 1, 0, 1]);
    await reaches(all, event, { rooms: ['a', 'b'] }, [0, 0, 1, 1, 1]);
    await reaches(all, event, { rooms: ['no such room'] }, [0, 0, 0, 0, 0]);
  }
});

onEveryTransport('an event passes over who is in an excepted room on the other node', async (via) => {
  const all = await apart(via);
  await reaches(all, 'all', { except: ['b'] }, [1, 1, 1, 0, 0]);
  await reaches(all, 'to', { except: ['b'] }, [0, 1, 1, 0, 0]);
  await reaches(all, 'all', { rooms: ['a'], except: ['b'] }, [0, 0, 1, 0, 0]);
});

onEveryTransport('an event to everyone reaches everyone on both nodes, and a broadcast everyone but its sender', async (via) => {
  const all = await apart(via);
  await reaches(all, 'all', {}, [1, 1, 1, 1, 1]);
  await reaches(all, 'to', {}, [0, 1, 1, 1, 1]);
});

onEveryTransport('a socket on the other node is addressed, and excepted, by its id', async (via) => {
  const all = await apart(via);
  await reaches(all, 'all', { rooms: [all.there[1].id] }, [0, 0, 1, 0, 0]);
  await reaches(all, 'all', { except: [all.there[1].id] }, [1, 1, 0, 1, 1]);
});

onEveryTransport('who left a room on the other node, or the node, hears no more of it', async (via) => {
  const all = await apart(via);
  await ask(all.there[1], 'leave', ['a']);
  await reaches(all, 'all', { rooms: ['a'] }, [0, 0, 0, 0, 1]);
  all.there[3].disconnect();
  await reaches({ here: all.here, there: all.there.slice(0, 3) }, 'all', { rooms: ['a'] }, [0, 0, 0, 0]);
});
