'use strict';
// A cable between a client and the broker that a test can cut: a TCP relay on a port of its own.
const net = require('node:net');
const { after } = require('node:test');

class Cable {
  /** Lays a cable to the broker at this HTTP address; mended, it leads to the other one, where there is one. */
  static async lay(broker, other = broker) {
    const cable = new Cable();
    cable.ends = [new URL(broker), new URL(other)];
    cable.whole = true;
    cable.sockets = new Set();
    cable.server = net.createServer((near) => cable.join(near));
    await new Promise((resolve) => { cable.server.listen(0, '127.0.0.1', resolve); });
    after(() => cable.remove());
    return cable;
  }

  /** Where a client plugs in. */
  get ws() {
    return `ws://127.0.0.1:${this.server.address().port}/connection/websocket`;
  }

  join(near) {
    near.on('error', () => {});
    if (!this.whole) {
      near.destroy();
      return;
    }
    const [{ hostname, port }] = this.ends;
    const far = net.connect(Number(port), hostname);
    for (const [from, to] of [[near, far], [far, near]]) {
      this.sockets.add(from);
      from.on('error', () => {});
      from.on('close', () => {
        this.sockets.delete(from);
        to.destroy();
      });
      from.pipe(to);
    }
  }

  /** Cuts what runs through it, without a word to either side, and lets nothing through until `mend`. */
  cut() {
    this.whole = false;
    for (const socket of this.sockets) socket.destroy();
  }

  mend() {
    this.ends.reverse();
    this.whole = true;
  }

  remove() {
    this.cut();
    this.server.close();
  }
}

module.exports = { Cable };
