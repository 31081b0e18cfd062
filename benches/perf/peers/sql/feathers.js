// Feathers itself on SQLite (knex, better-sqlite3): the service of benches/perf/stores. feathers.js PORT FILE
const { feathers } = require('@feathersjs/feathers');
const socketio = require('@feathersjs/socketio');
const { KnexService } = require('@feathersjs/knex');
const knex = require('knex');

async function main(port, filename) {
  const Model = knex({ client: 'better-sqlite3', connection: { filename }, useNullAsDefault: true });
  await Model.raw('PRAGMA journal_mode = WAL');
  await Model.raw('PRAGMA synchronous = NORMAL');
  await Model.schema.createTable('messages', (table) => {
    table.increments('id');
    table.integer('n');
    table.integer('g').index();
    table.integer('company_id').index();
    table.text('m');
  });
  const app = feathers();
  app.configure(socketio({ perMessageDeflate: false, transports: ['websocket'] }));
  app.use('messages0', new KnexService({ Model, name: 'messages', paginate: { default: 10, max: 50 } }));
  app.on('connection', (connection) => app.channel('everybody').join(connection));
  app.publish(() => app.channel('everybody'));
  await app.listen(port, '127.0.0.1');
}

main(Number(process.argv[2] ?? 8105), process.argv[3]);
