'use strict';
// A cable between a client and the broker that a test can cut: a TCP relay on a port of its own.
const net = require('node:net');
const { after } = require('node:test');

class Cable {
  /** Lays a cable to the broker at this HTTP address. */
  static async lay(broker) {
    const cable = new Cable();
    const { hostname, port } = new URL(broker);
    cable.whole = true;
    cable.sockets = new Set();
    cable.server = net.createServer((near) => cable.join(near, hostname, Number(port)));
    await new Promise((resolve) => { cable.server.listen(0, '127.0.0.1', resolve); });
    after(() => cable.remove());
    return cable;
  }

  /** Where a client plugs in. */
  get ws() {
    return `ws://127.0.0.1:${this.server.address().port}/connection/websocket`;
  }

  join(near, hostname, port) {
    near.on('error', () => {});
    if (!this.whole) {
      near.destroy();
      return;
    }
    const far = net.connect(port, hostname);
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
    this.whole = true;
  }

  remove() {
    this.cut();
    this.server.close();
  }
}

module.exports = { Cable };
