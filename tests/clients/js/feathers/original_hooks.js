'use strict';
// The hooks of `hooked`. Each notes its name in the `steps` of the result, or of the params as long as there is none. Of the data:
//   fail                   the hook of this name, or 'method', fails with BadRequest; 'panic' breaks a hook
//   skip                   a hook before the method sets a result
//   event                  a hook after it sets the event: null, or a name
//   secret                 a hook after it dispatches the result without this
//   dispatch               a hook after it dispatches this
//   on_error               what the hook on errors does: 'cure' sets a result, 'change' makes it a Conflict
// Of several items the first speaks.
const { BadRequest, Conflict } = require('@feathersjs/errors');

const said = (data, name) => (Array.isArray(data) ? data[0] : data)?.[name];

function failing(data, place) {
  if (said(data, 'fail') === 'panic' && place === 'before create') throw new Error('this hook breaks');
  if (said(data, 'fail') === place) throw new BadRequest(`failed in ${place}`);
}

function note(context, step) {
  if (context.path !== 'hooked') return;
  const { result, params } = context;
  if (result && !Array.isArray(result)) result.steps?.push(step);
  else if (!result) params.steps = [...params.steps ?? [], step];
  failing(context.data, step);
}

const around = (name) => async (context, next) => {
  note(context, `${name} in`);
  await next();
  note(context, `${name} out`);
};
const noting = (name) => async (context) => { note(context, name); };

const withoutSecret = ({ secret, ...document }) => document;

async function beforeCreate(context) {
  note(context, 'before create');
  if (said(context.data, 'skip')) context.result = { run: said(context.data, 'run'), text: 'skipped', steps: [] };
}

async function afterCreate(context) {
  note(context, 'after create');
  const { data, result } = context;
  if (data.event !== undefined) context.event = data.event;
  if (said(data, 'secret')) context.dispatch = Array.isArray(result) ? result.map(withoutSecret) : withoutSecret(result);
  if (said(data, 'dispatch')) context.dispatch = said(data, 'dispatch');
}

async function onError(context) {
  const { data, error: { message } } = context;
  if (said(data, 'on_error') === 'cure') context.result = { run: said(data, 'run'), text: message };
  if (said(data, 'on_error') === 'change') context.error = new Conflict(`changed: ${message}`);
}

const ofTheApplication = {
  around: { all: [around('app')] },
  before: { all: [noting('app before')] },
  after: { all: [noting('app after')] },
};

const ofTheService = {
  around: { all: [around('all')], create: [around('create')] },
  before: { all: [noting('before all')], create: [beforeCreate] },
  after: { all: [noting('after all')], create: [afterCreate] },
  error: { create: [onError] },
};

/** The method `create` of the service. */
async function hooked(data, params) {
  failing(data, 'method');
  const returned = ({ run, text = null, secret = null }) => ({ run, text, secret, steps: [...params.steps, 'method'] });
  return Array.isArray(data) ? data.map(returned) : returned(data);
}

module.exports = { ofTheApplication, ofTheService, hooked };
