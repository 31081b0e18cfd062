import { EventsError } from './errors.js';

/** What a client reads of a config: Backstage's `Config` and `ConfigApi`, or the plain object of a YAML or JSON file. */
export type EventsConfig = { getOptional(key: string): unknown } | { backend?: unknown };

const PATH = '/events';
const MAP = 'a map with `baseUrl` and `events` in it';
const EVENTS = '`true`, `false`, or a map of `enabled` and `endpoint`';
const ENABLED = '`true` or `false`';
const address = (example: string) =>
  `the broker's address, such as \`${example}\`, without user, password, query and \`/events\``;
const BASE_URL = address('http://localhost:7007');
const ENDPOINT = address('ws://localhost:7007');

/** The WebSocket address of the events, or nothing where the config has them disabled. Throws where it does not say where they are. */
export function endpoint(config: EventsConfig): string | undefined {
  const backend = backendOf(config);
  if (backend === undefined || backend === null) return undefined;
  if (!isMap(backend)) throw wrong('backend', kind(backend), MAP);
  const { events } = backend;
  if (events === undefined || events === null || events === false) return undefined;
  if (events === true) return baseUrl(backend);
  if (!isMap(events)) throw wrong('backend.events', kind(events), EVENTS);
  return ofMap(events, backend);
}

function backendOf(config: EventsConfig): unknown {
  if (typeof config !== 'object' || config === null) {
    throw new EventsError(`the config is ${kind(config)}; write a map with \`backend\` in it`);
  }
  if ('getOptional' in config && typeof config.getOptional === 'function') return config.getOptional('backend');
  return (config as { backend?: unknown }).backend;
}

function ofMap(events: Record<string, unknown>, backend: Record<string, unknown>): string | undefined {
  // A misspelt `endpoint` would silently lead to the base URL.
  const unknown = Object.keys(events).find((key) => key !== 'enabled' && key !== 'endpoint');
  if (unknown !== undefined) throw wrong(`backend.events.${unknown}`, 'no key of events', '`enabled` and `endpoint` only');
  const { enabled, endpoint: given } = events;
  if (enabled === false) return undefined;
  if (enabled === undefined || enabled === null) throw missing('backend.events.enabled', ENABLED);
  if (enabled !== true) throw wrong('backend.events.enabled', kind(enabled), ENABLED);
  return given === undefined || given === null ? baseUrl(backend) : at(given, 'backend.events.endpoint', ENDPOINT);
}

function baseUrl({ baseUrl: given, https }: Record<string, unknown>): string {
  if (given === undefined || given === null) throw missing('backend.baseUrl', BASE_URL);
  return at(given, 'backend.baseUrl', BASE_URL, Boolean(https));
}

/** The WebSocket address of the events below an address. */
function at(value: unknown, key: string, write: string, isSecure = false): string {
  if (typeof value !== 'string') throw wrong(key, kind(value), write);
  // `new URL` takes a space for a part of a path, and "localhost:7007" for an address of the scheme "localhost".
  const url = /\s/.test(value) ? undefined : parse(value);
  if (!url) throw wrong(key, 'no address', write);
  const secure: Record<string, boolean> = { 'http:': isSecure, 'ws:': isSecure, 'https:': true, 'wss:': true };
  const scheme = secure[url.protocol];
  if (scheme === undefined) throw wrong(key, 'no address of http, https, ws or wss', write);
  // A password in an address would be logged with it, and nothing asks for one.
  if (url.username || url.password || value.includes('?') || value.includes('#')) {
    throw wrong(key, 'an address with parts that are not used', write);
  }
  return `${scheme ? 'wss' : 'ws'}://${url.host}${url.pathname.replace(/\/+$/, '')}${PATH}`;
}

function parse(value: string): URL | undefined {
  try {
    return new URL(value);
  } catch {
    return undefined;
  }
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Names the kind of value alone: a config has secrets in it. */
function kind(value: unknown): string {
  if (value === undefined || value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  return { boolean: 'a boolean', number: 'a number', string: 'a text', object: 'a map' }[typeof value as string] ?? 'no value of a config';
}

const missing = (key: string, write: string) => new EventsError(`\`${key}\` is missing; write ${write}`);
const wrong = (key: string, found: string, write: string) => new EventsError(`\`${key}\` is ${found}; write ${write}`);
