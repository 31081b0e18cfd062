'use strict';
// What the suite of Feathers' adapters takes for its application, over a client. The suite sets the options on the server's
// service, which no client can: here a service is at many paths, one for each way to open its store, and a call goes to the
// path that has the options of the moment.

/** The words of the path for the option `multi`. */
function writes(multi) {
  if (multi === true) return 'all';
  return multi?.length ? [...multi].sort().join('+') : 'none';
}

/** The words of the path for the option `paginate`. */
function page(paginate) {
  if (!paginate?.default) return 'none';
  return paginate.max ? `${paginate.default}-${paginate.max}` : `${paginate.default}`;
}

class People {
  constructor(app, name, id) {
    Object.assign(this, { app, name, id, options: { multi: false } });
  }

  /** The service that has these options. `paginate` and `adapter` of the params say otherwise than those that are set. */
  path({ paginate, adapter } = {}) {
    const options = { ...this.options, ...adapter, ...(paginate !== undefined && { paginate }) };
    return this.app.service(`${this.name}/${writes(options.multi)}/${page(options.paginate)}`);
  }

  find(params) { return this.path(params).find(params); }

  get(id, params) { return this.path(params).get(id, params); }

  create(data, params) { return this.path(params).create(data, params); }

  update(id, data, params) { return this.path(params).update(id, data, params); }

  patch(id, data, params) { return this.path(params).patch(id, data, params); }

  remove(id, params) { return this.path(params).remove(id, params); }
}

/** An application of these services alone, each with the name of its id. */
function applicationOf(app, ids) {
  const services = Object.fromEntries(Object.entries(ids).map(([name, id]) => [name, new People(app, name, id)]));
  return { service: (name) => services[name] };
}

module.exports = { applicationOf };
