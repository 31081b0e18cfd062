// The page: `?broker=` says where the broker is.
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { eventsApiFactory } from './apis.js';
import { App } from './app.js';
import { RefreshedEntities } from './RefreshedEntities.js';

const broker = new URLSearchParams(location.search).get('broker') ?? 'http://localhost:8000';
const root = document.getElementById('root');
if (!root) throw new Error('the page has no element for the app');
createRoot(root).render(
  <StrictMode>
    <App baseUrl={broker} apis={[eventsApiFactory]}>
      <h1>Catalog</h1>
      <RefreshedEntities />
    </App>
  </StrictMode>,
);
