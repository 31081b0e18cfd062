// How to connect and publish from elsewhere, with the addresses of this broker.

/** Titles and texts; what is not served is left out. */
export function snippets({ websocket, socketio, api, needsKey, anonymous }) {
  const header = needsKey ? " -H 'X-API-Key: KEY'" : '';
  const list = [
    ['curl', `curl${header} -H 'Content-Type: application/json' \\\n  ${api}/publish -d '{"channel":"news","data":{"hello":1}}'`],
    ['Command line', `callboard sub news --url ${new URL(api).origin}\ncallboard pub news '{"hello":1}' --url ${new URL(api).origin}`],
    ['JavaScript', `import { Centrifuge } from 'centrifuge'; // npm install centrifuge

const client = new Centrifuge('${websocket}'${anonymous ? '' : ", { token: 'TOKEN' }"});
const news = client.newSubscription('news');
news.on('publication', ({ data }) => console.log(data));
news.on('error', ({ error }) => console.error(error.message));
client.on('error', ({ error }) => console.error(error.message));
news.subscribe();
client.connect();`],
    ['Python', `import asyncio
from centrifuge import Client, SubscriptionEventHandler  # pip install centrifuge-python

class News(SubscriptionEventHandler):
    async def on_publication(self, event):
        print(event.pub.data)

async def main():
    client = Client("${websocket}"${anonymous ? '' : ', token="TOKEN"'})
    news = client.new_subscription("news", events=News())
    await client.connect()
    await news.subscribe()
    await asyncio.Future()

asyncio.run(main())`],
    ['Python backend', `import asyncio
from cent import AsyncClient, PublishRequest  # pip install cent

async def main():
    client = AsyncClient("${api}", "${needsKey ? 'KEY' : 'none'}")
    await client.publish(PublishRequest(channel="news", data={"hello": 1}))

asyncio.run(main())`],
  ];
  if (socketio.length) {
    const [{ origin, path }] = socketio;
    list.push(['Socket.IO', `import { io } from 'socket.io-client'; // npm install socket.io-client

const socket = io('${origin}', { path: '${path}'${anonymous ? '' : ", auth: { token: 'TOKEN' }"} });
socket.on('connect_error', (error) => console.error(error.message));
socket.onAny((event, ...args) => console.log(event, args));`]);
  }
  return list;
}
