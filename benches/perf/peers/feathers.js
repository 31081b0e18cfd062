// Feathers itself: the same services as examples/feathers_bench.rs.
const { feathers } = require('@feathersjs/feathers');
const socketio = require('@feathersjs/socketio');
const { memory } = require('@feathersjs/memory');
const app = feathers();
app.configure(socketio({ perMessageDeflate: false, transports: ['websocket'] }));
app.use('messages0', memory({ paginate: { default: 10, max: 50 } }));
app.on('connection', (connection) => app.channel('everybody').join(connection));
app.publish(() => app.channel('everybody'));
app.listen(Number(process.argv[2] ?? 8103), '127.0.0.1');
